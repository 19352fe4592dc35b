// Calls the bare engine @grpc/grpc-js. The first argument is the server's port; the second one is how: unary, or stream, where every message goes
// through one stream.

import { Client, credentials } from "@grpc/grpc-js";
import { type EngineCall, serveCalls } from "./engine-load.js";
import { echoService } from "./grpc-service.js";

const [, , port, way] = process.argv;
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());

serveCalls(way === "stream" ? streamCalls() : unaryCall);

function unaryCall(request: Uint8Array, answered: (answer: Uint8Array) => void): void {
  const { path, requestSerialize, responseDeserialize } = echoService.Unary;
  client.makeUnaryRequest(path, requestSerialize, responseDeserialize, bufferOf(request), (error, answer) => {
    if (error !== null || answer === undefined) {
      throw error ?? new Error("a call has no answer");
    }
    answered(answer);
  });
}

function streamCalls(): EngineCall {
  const { path, requestSerialize, responseDeserialize } = echoService.Stream;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const waiting: ((answer: Uint8Array) => void)[] = [];
  stream.on("data", (answer: Buffer) => waiting.shift()?.(answer));
  return (request, answered) => {
    waiting.push(answered);
    stream.write(bufferOf(request));
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
