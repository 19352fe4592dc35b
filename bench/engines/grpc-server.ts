// A bare engine: @grpc/grpc-js, which answers with the bytes that it was called with.

import { Server, ServerCredentials, type ServerDuplexStream, type sendUnaryData } from "@grpc/grpc-js";
import { serve } from "../servers/serve.js";
import { echoService } from "./grpc-service.js";

const server = new Server();
server.addService(echoService, {
  Unary: ({ request }: { readonly request: Buffer }, answer: sendUnaryData<Buffer>) => answer(null, request),
  Stream: (stream: ServerDuplexStream<Buffer, Buffer>) => {
    stream.on("data", (message: Buffer) => stream.write(message));
    stream.on("end", () => stream.end());
    stream.on("error", () => stream.end());
  },
});
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
});
serve(port);
