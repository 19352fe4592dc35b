import { type DescMessage, fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { silentLogger } from "../../../runtime/base/logger.js";
import type { MessageCodec } from "../../../runtime/protocol/codec.js";
import type { Inspector } from "../../../runtime/server/inspector.js";
import { createServer, type Server } from "../../../runtime/server/server.js";
import { Group } from "../../../runtime/session/group.js";
import type { Session } from "../../../runtime/session/session.js";
import { ws } from "../../../runtime/transport/ws.js";
import { arenaBook, arenaSet } from "../../repl/support/arena.js";
import { method, pushOf, TestComponent } from "../../support/service.js";

const book = arenaBook();

/** What `nanowire generate --descriptors` would have written for the arena. */
export const arenaDescriptors = {
  version: 1,
  dictVersion: "v1",
  routes: book.routes,
  descriptorSet: Buffer.from(arenaSet).toString("base64"),
};

/** A game's server: who plays is bound to his name, and everybody sees the card. */
export function arenaServer(inspectors: readonly Inspector[]): Server {
  const everybody = new Group("arena <b>");
  const played = pushOf("ArenaEvents.Played", 0, codecOf(book.message("arena.v1.Card")));
  const play = async (session: Session, { name = "", cards = [] }: Play): Promise<JsonValue> => {
    if (name === "") {
      throw new Error("nobody plays");
    }
    await session.bind(name);
    if (!everybody.contains(session)) {
      everybody.add(session);
    }
    const [top] = cards;
    if (top !== undefined) {
      everybody.push(played, top as never);
    }
    return { count: cards.length, ...(top === undefined ? {} : { top }) };
  };
  const request = { ...codecOf(book.message("arena.v1.PlayRequest")), redaction: { password: true as const } };
  const component = new TestComponent(
    "Arena",
    [
      method("Arena.Play", 1, {
        handle: play as never,
        request,
        response: codecOf(book.message("arena.v1.PlayResponse")),
      }),
      method("Arena.Leave", 2, {
        kind: "notify",
        handle: (session) => {
          everybody.leave(session);
          return "";
        },
        request: codecOf(EmptySchema),
        response: codecOf(EmptySchema),
      }),
    ],
    { version: "v1", routes: { "Arena.Play": 1, "Arena.Leave": 2 } },
  );
  const listen = [ws({ port: 0, host: "127.0.0.1", ears: 1 })];
  return createServer({ components: [component], listen, logger: silentLogger, inspectors });
}

interface Play {
  readonly name?: string;
  readonly cards?: readonly JsonValue[];
}

/** A message is what JSON makes of it; for the compiler a text, as all of a test's components have. */
function codecOf(type: DescMessage): MessageCodec<string> {
  const { registry } = book;
  return {
    protobuf: {
      encode: (message) => ({ finish: () => toBinary(type, fromJson(type, (message || {}) as never)) }),
      decode: (bytes) => toJson(type, fromBinary(type, bytes), { registry }) as never,
    },
  };
}
