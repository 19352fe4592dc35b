// A bare engine: @grpc/grpc-js, which answers with the bytes that it was called with; to There it answers nothing, and calls back.

import { Client, credentials, Server, type ServerDuplexStream, type sendUnaryData } from "@grpc/grpc-js";
import { serve } from "../servers/serve.js";
import { echoService } from "./grpc-service.js";
import { listen } from "./listen.js";

interface UnaryCall {
  readonly request: Buffer;
}

const { Unary, Stream, Meet, There, Back } = echoService;
const nothing = Buffer.alloc(0);
let caller: Client | undefined;

const server = new Server();
server.addService(
  { Unary, Stream, Meet, There },
  {
    Unary: ({ request }: UnaryCall, answer: sendUnaryData<Buffer>) => answer(null, request),
    Meet: ({ request }: UnaryCall, answer: sendUnaryData<Buffer>) => {
      caller = new Client(`127.0.0.1:${request.toString()}`, credentials.createInsecure());
      answer(null, nothing);
    },
    There: ({ request }: UnaryCall, answer: sendUnaryData<Buffer>) => {
      answer(null, nothing);
      caller?.makeUnaryRequest(Back.path, Back.requestSerialize, Back.responseDeserialize, request, (error) => {
        if (error !== null) {
          throw error;
        }
      });
    },
    Stream: (stream: ServerDuplexStream<Buffer, Buffer>) => {
      stream.on("data", (message: Buffer) => stream.write(message));
      stream.on("end", () => stream.end());
      stream.on("error", () => stream.end());
    },
  },
);
serve(await listen(server));
