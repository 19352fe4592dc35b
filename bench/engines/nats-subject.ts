/** Where the responder listens. */
export const echoSubject = "bench.echo";
