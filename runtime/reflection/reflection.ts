import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { Component } from "../component/component.js";
import type { ServiceDefinition } from "../component/service.js";
import { type Descriptors, readDescriptorsFile } from "../protocol/descriptors-file.js";
import { maxBodyBytes } from "../protocol/limits.js";
import { describeResponse } from "./describe-response.js";
import { DescribeResponse } from "./generated/nanowire/reflection/v1/reflection.js";
import { ReflectionComponent } from "./generated/nanowire/reflection/v1/reflection.server.js";

/** How a server tells what it speaks. */
export interface ReflectionOptions {
  /** What `nanowire generate --descriptors FILE` writes: its text, its bytes, or the value that was parsed of it. */
  readonly descriptors: Descriptors;
  /**
   * Whether it answers where `NODE_ENV` is `production`. Where it does not, its route is one that the server does not have. Default:
   * false.
   */
  readonly inProduction?: boolean;
}

/**
 * A component that tells whoever is connected the routes and the types of all messages, so that `nanowire repl ws://…` needs nothing but
 * the address:
 *
 * ```ts
 * createServer({ components: [new Room(), reflection({ descriptors: readFileSync("generated/descriptors.json") })], listen });
 * ```
 *
 * It has no code in the dictionary: that of the clients stays what it is. In production it is not there, unless `inProduction` says so; who may
 * call it then, a hook on the route `nanowire.Reflection.Describe` decides.
 *
 * The answer is as long as the descriptors: a server whose `maxOutboxBytes` is less answers `message_too_large`.
 *
 * @throws NanowireError `invalid_option` for what is no such file, or one that does not fit into a packet
 */
export function reflection(options: ReflectionOptions): Component {
  assertOptions("reflection", options, { descriptors: "checked", inProduction: "boolean" });
  const { descriptors, inProduction = false } = options;
  const response = describeResponse(readDescriptorsFile(descriptors));
  const bytes = DescribeResponse.encode(response).finish().length;
  if (bytes > maxAnswerBytes) {
    throw new NanowireError(
      "invalid_option",
      `descriptors make an answer of ${bytes} bytes, more than the ${maxAnswerBytes} that fit into a packet`,
    );
  }
  return new Reflection(response, inProduction || process.env["NODE_ENV"] !== "production");
}

class Reflection extends Component {
  readonly #response: DescribeResponse;

  constructor(response: DescribeResponse, isOn: boolean) {
    super(isOn ? service : { ...service, methods: [] });
    this.#response = response;
  }

  describe(): DescribeResponse {
    return this.#response;
  }
}

/** What was generated, without its dictionary: with it the dictionary of the server would be another one than its clients know. */
const service: ServiceDefinition<Reflection> = (({ name, protoName, methods }) => ({
  name,
  protoName,
  methods: methods.map((method) => ({ ...method, code: 0 })),
}))(ReflectionComponent.service);

/** A packet's body, less what stands before a response's payload. */
const maxAnswerBytes = maxBodyBytes - 16;
