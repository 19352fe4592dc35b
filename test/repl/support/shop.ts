import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { NanowireError } from "../../../runtime/base/error.js";
import { silentLogger } from "../../../runtime/base/logger.js";
import { reflection } from "../../../runtime/reflection/reflection.js";
import type { ServerOptions } from "../../../runtime/server/options.js";
import { createServer, type Server } from "../../../runtime/server/server.js";
import type { Session } from "../../../runtime/session/session.js";
import { tcp } from "../../../runtime/transport/tcp.js";
import { ws } from "../../../runtime/transport/ws.js";
import type { BuyRequest } from "../../validate/shop/generated/shop/v1/shop.js";
import { ShopComponent, ShopEvents } from "../../validate/shop/generated/shop/v1/shop.server.js";

/** What `nanowire generate --descriptors` has made of the shop. */
export const shopDescriptors = readFileSync(
  new URL("../../validate/shop/generated/descriptors.json", import.meta.url),
  "utf8",
);

/** A shop that does what a name tells it. */
export class Shop extends ShopComponent {
  readonly notes: string[] = [];
  /** How many requests never get an answer. */
  waiting = 0;

  override buy(session: Session, request: BuyRequest): { id: string } | Promise<never> {
    switch (request.name) {
      case "gold":
        throw new NanowireError("sold_out", "there is no gold\u001b[2J\u009b", { details: { "next\u202e": "monday" } });
      case "patience":
        this.waiting++;
        return new Promise(() => {});
      case "trouble":
        session.kick("no \u001b[31mtrouble");
        return { id: "" };
      default:
        ShopEvents.sold(session, request);
        return { id: `1-${request.name}` };
    }
  }

  override note(_: Session, { text }: { readonly text: string }): void {
    this.notes.push(text);
  }

  override signIn(): void {}

  override look(): void {}

  override close(): void {}
}

/** A shop that runs. */
export interface OpenShop {
  readonly server: Server;
  readonly shop: Shop;
  /** Its addresses by WebSocket and by TCP. */
  readonly urls: Readonly<Record<"ws" | "tcp", string>>;
}

/** Opens a shop, which tells what it speaks, and is closed with the test. */
export async function openShop(options: Partial<ServerOptions> = {}, reflects = true): Promise<OpenShop> {
  const shop = new Shop();
  const loopback = { host: "127.0.0.1", port: 0, ears: 1 };
  const server = createServer({
    components: [shop, ...(reflects ? [reflection({ descriptors: shopDescriptors })] : [])],
    listen: [ws(loopback), tcp(loopback)],
    logger: silentLogger,
    ...options,
  });
  await server.start();
  onTestFinished(() => (server.state === "running" ? server.stop() : undefined));
  const [first, second] = server.addresses;
  return { server, shop, urls: { ws: first?.url ?? "", tcp: second?.url ?? "" } };
}
