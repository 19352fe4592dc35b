/** A service of gRPC that echoes bytes as they are: no codec. */
export const echoService = {
  Unary: method("Unary", false),
  Stream: method("Stream", true),
} as const;

function method(name: string, streams: boolean) {
  return {
    path: `/bench.v1.BareEcho/${name}`,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
