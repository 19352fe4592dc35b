// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import type { Server as HttpServer } from "node:http";
import {
  createServer,
  hybrid,
  type Listener,
  type ListenOptions,
  memory,
  type Session,
  type TlsOptions,
  type Transport,
  tcp,
  type UpgradeRequest,
  ws,
} from "nanowire";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where both types are the same. */
function same<A, B>(_: Same<A, B>): void {}

/** What a program may and may not write. */
export async function typesOfListeners(http: HttpServer, place: ListenOptions, tls: TlsOptions): Promise<void> {
  same<ReturnType<typeof tcp>, Listener>(true);
  same<ReturnType<typeof hybrid>, Listener>(true);

  tcp({ port: 1 });
  tcp({ port: 1, host: "::1", tls });
  tcp({ socketPath: "/run/game.sock", socketMode: 0o660 });
  tcp(place);
  // @ts-expect-error a place is needed
  tcp({});
  // @ts-expect-error a port or a socket
  tcp({ port: 1, socketPath: "/run/game.sock" });
  // @ts-expect-error a socket has no address
  tcp({ socketPath: "/run/game.sock", host: "::1" });
  // @ts-expect-error a port has no rights
  tcp({ port: 1, socketMode: 0o660 });
  // @ts-expect-error TCP knows no paths of URLs
  tcp({ port: 1, path: "/play" });

  const own: Listener = ws({ port: 1, path: "/play", tls, origins: ["https://game.example.com"] });
  await own.reloadCertificates(tls);
  ws({ socketPath: "/run/game.sock", path: "/play" });
  const shared: Transport = ws({ server: http, path: "/play" });
  ws({ server: http, port: 1 });
  ws({ port: 1, compression: { thresholdBytes: 1 } });
  ws({
    port: 1,
    verify: async ({ headers, signal }: UpgradeRequest) => headers.cookie !== undefined && !signal.aborted,
  });
  ws({ port: 1, verify: () => 401 });
  // @ts-expect-error a place is needed, or a server
  ws({ path: "/play" });
  // @ts-expect-error the server's TLS is its own
  ws({ server: http, tls });
  // @ts-expect-error nor are its certificates ours to change
  await ws({ server: http }).reloadCertificates(tls);
  // @ts-expect-error a verdict is a boolean or a status
  ws({ port: 1, verify: () => "no" });

  hybrid({ port: 1, tls: [tls, { certFile: "cert.pem", keyFile: "key.pem", checkEveryMs: 0 }] });
  // @ts-expect-error a listener for both has sockets of its own
  hybrid({ server: http });
  // @ts-expect-error a certificate has a key
  tcp({ port: 1, tls: { cert: "" } });
  // @ts-expect-error a certificate is here or in files
  tcp({ port: 1, tls: { cert: "", keyFile: "key.pem" } });

  createServer({ components: [], listen: [own, shared, memory()], proxy: { trusted: ["10.0.0.0/8"] } });
  // @ts-expect-error who is trusted has to be said
  createServer({ components: [], listen: [own], proxy: {} });
  // @ts-expect-error TCP knows no HTTP headers
  createServer({ components: [], listen: [own], proxy: { trusted: [], tcp: "x-forwarded-for" } });
}

/** What a session tells of where it comes from. */
export function typesOfAddresses(session: Session): void {
  same<typeof session.remoteAddress, string>(true);
  same<typeof session.proxyAddress, string | undefined>(true);
}
