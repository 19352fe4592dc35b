// Calls the bare engine @grpc/grpc-js. The first argument is the server's port; the second one is how: unary; or stream, where every message goes
// through one stream; or back, where each is a unary call, and its answer another one, in the other direction.

import { Client, credentials, Server, type sendUnaryData } from "@grpc/grpc-js";
import { type EngineCall, serveCalls } from "./engine-load.js";
import { echoService } from "./grpc-service.js";
import { listen } from "./listen.js";

const [, , port, way] = process.argv;
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());

serveCalls(way === "stream" ? streamCalls() : way === "back" ? await callsBack() : unaryCall);

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

async function callsBack(): Promise<EngineCall> {
  const { Meet, There, Back } = echoService;
  const waiting: ((answer: Uint8Array) => void)[] = [];
  const server = new Server();
  server.addService(
    { Back },
    {
      Back: ({ request }: { readonly request: Buffer }, answer: sendUnaryData<Buffer>) => {
        answer(null, Buffer.alloc(0));
        waiting.shift()?.(request);
      },
    },
  );
  const call = ({ path, requestSerialize, responseDeserialize }: typeof There, request: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  await call(Meet, Buffer.from(String(await listen(server))));
  return (request, answered) => {
    waiting.push(answered);
    // A rejection ends the process, and the bench.
    void call(There, bufferOf(request));
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
