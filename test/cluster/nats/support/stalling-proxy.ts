import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** What stands between a node and NATS. */
export interface StallingProxy {
  readonly url: string;
  /** How many connections it holds. */
  readonly connections: number;
  /** Nothing passes any more, either way, and no connection ends: as when a cable is pulled. */
  stall(): void;
  /** What waited passes, and all else from now on. */
  resume(): void;
  /** Breaks every connection, and makes none until `resume`. */
  cut(): void;
}

/** Starts a proxy to a port of this machine; it ends with the test. */
export async function startStallingProxy(target: number): Promise<StallingProxy> {
  const links = new Set<Link>();
  let state: "open" | "stalled" | "cut" = "open";
  const server = createServer((client) => {
    if (state === "cut") {
      client.on("error", () => {}).destroy();
      return;
    }
    const link = new Link(client, target, state === "stalled");
    links.add(link);
    client.on("close", () => links.delete(link));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: StallingProxy = {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return links.size;
    },
    stall() {
      state = "stalled";
      for (const link of links) {
        link.stall();
      }
    },
    resume() {
      state = "open";
      for (const link of links) {
        link.resume();
      }
    },
    cut() {
      state = "cut";
      for (const link of links) {
        link.cut();
      }
    },
  };
  onTestFinished(() => {
    server.close();
    proxy.cut();
  });
  return proxy;
}

/** One connection through the proxy. */
class Link {
  readonly #client: Socket;
  readonly #target: number;
  #onward: Socket | undefined;
  #stalled: boolean;
  #held: { readonly to: Socket; readonly chunk: Uint8Array }[] = [];

  constructor(client: Socket, target: number, stalled: boolean) {
    this.#client = client;
    this.#target = target;
    this.#stalled = stalled;
    client
      .on("error", () => {})
      .on("close", () => this.#onward?.destroy())
      .on("data", (chunk) => this.#pass(client, this.#onward as Socket, chunk));
    if (!stalled) {
      this.#dial();
    }
  }

  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    if (this.#onward === undefined) {
      this.#dial();
    }
    for (const { to, chunk } of this.#held.splice(0)) {
      to.write(chunk);
    }
    this.#client.resume();
    this.#onward?.resume();
  }

  cut(): void {
    this.#client.destroy();
  }

  #dial(): void {
    const onward = connect(this.#target, "127.0.0.1");
    this.#onward = onward;
    onward
      .on("error", () => {})
      .on("close", () => this.#client.destroy())
      .on("data", (chunk) => this.#pass(onward, this.#client, chunk));
  }

  /** While nothing passes some of it is still read, as by the machines on the way, so that the end of a connection is seen. */
  #pass(from: Socket, to: Socket, chunk: Uint8Array): void {
    if (!this.#stalled) {
      to.write(chunk);
      return;
    }
    this.#held.push({ to, chunk });
    if (this.#held.length > 1_000) {
      from.pause();
    }
  }
}
