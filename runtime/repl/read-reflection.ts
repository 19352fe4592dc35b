import { NanowireError } from "../base/error.js";
import type { ClientConnection } from "../client/client-connection.js";
import { emptyMessage } from "../protocol/codec.js";
import type { DescriptorsFile } from "../protocol/descriptors-file.js";
import { jsonSerializer, protobufSerializer } from "../protocol/serializer.js";
import { descriptorsOf } from "../reflection/describe-response.js";
import { DescribeResponse } from "../reflection/generated/nanowire/reflection/v1/reflection.js";
import { DescribeResponse as DescribeResponseJson } from "../reflection/generated/nanowire/reflection/v1/reflection.json.js";
import { bytesCodec } from "./bytes-codec.js";

/**
 * Asks a server what it speaks.
 *
 * @param spoken what was agreed upon
 * @returns undefined when it has no reflection
 * @throws NanowireError as a request does
 */
export async function readReflection(
  connection: ClientConnection,
  spoken: string,
  signal: AbortSignal,
): Promise<DescriptorsFile | undefined> {
  const serializer = spoken === "json" ? jsonSerializer : protobufSerializer;
  const method = { route: describeRoute, code: 0, request: bytesCodec, response: bytesCodec };
  try {
    const answer = await connection.request(method, serializer.encode(emptyMessage, undefined), { signal });
    return descriptorsOf(serializer.decode({ protobuf: DescribeResponse, json: DescribeResponseJson }, answer));
  } catch (error) {
    if (error instanceof NanowireError && error.code === "unknown_route") {
      return undefined;
    }
    throw error;
  }
}

const describeRoute = "nanowire.Reflection.Describe";
