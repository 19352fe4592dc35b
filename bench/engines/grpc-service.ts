/** A service of gRPC that echoes bytes as they are: no codec. `Back` is served by who calls, at the port that it tells by `Meet`: what `There` is called with is sent there. */
export const echoService = {
  Unary: method("Unary", false),
  Stream: method("Stream", true),
  Meet: method("Meet", false),
  There: method("There", false),
  Back: method("Back", false),
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
