import type { handleUnaryCall, status } from "@grpc/grpc-js";
import { status as statuses } from "@grpc/grpc-js";
import type { Awaitable } from "../../base/awaitable.js";
import { NanowireError } from "../../base/error.js";
import { detailsOf } from "./rpc-client.js";

/** A call is answered with a status other than OK. */
export class Refusal extends Error {
  readonly status: status;

  constructor(code: status, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = code;
  }
}

/** A method of a server of grpc-js, from a function that returns or throws. */
export function unaryHandler<Request, Response>(
  handle: (request: Request) => Awaitable<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const refuse = (error: unknown): void => {
      const code =
        error instanceof Refusal
          ? error.status
          : error instanceof NanowireError
            ? statuses.INVALID_ARGUMENT
            : statuses.INTERNAL;
      callback({ code, details: detailsOf(error) });
    };
    try {
      Promise.resolve(handle(call.request)).then((response) => callback(null, response), refuse);
    } catch (error) {
      refuse(error);
    }
  };
}
