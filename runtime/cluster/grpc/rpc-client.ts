import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { Method } from "./services.js";

/** How servers of other nodes are called. */
export interface Dialing {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/** Calls one server. The connection is made when it is called first, and made again when it broke. */
export class RpcClient {
  readonly #client: Client;

  /**
   * @param address `host:port`
   * @param more options of the channel, beside those of all
   */
  constructor(address: string, { credentials, options }: Dialing, more: ChannelOptions = {}) {
    this.#client = new Client(address, credentials, { ...options, ...more });
  }

  /**
   * Calls a method.
   *
   * @param timeoutMs after how many milliseconds it fails
   * @throws ServiceError of grpc-js
   */
  call<Request, Response>(method: Method<Request, Response>, request: Request, timeoutMs: number): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, response?: Response) => {
          if (error === null && response !== undefined) {
            resolve(response);
          } else {
            reject(error);
          }
        },
      );
    });
  }

  /** Opens a stream. */
  open<Request, Response>(method: Method<Request, Response>, headers: Metadata): ClientDuplexStream<Request, Response> {
    return this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      headers,
    );
  }

  close(): void {
    this.#client.close();
  }
}

/** What gRPC's status says of a call that failed; undefined for what is no such error. */
export function statusOf(error: unknown): status | undefined {
  const code: unknown = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "number" && code in status ? code : undefined;
}

/** In words, what was wrong with a call. */
export function detailsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
