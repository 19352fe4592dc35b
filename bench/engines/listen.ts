import { type Server, ServerCredentials } from "@grpc/grpc-js";

/** Has a server of @grpc/grpc-js listen on a free port, and returns that. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}
