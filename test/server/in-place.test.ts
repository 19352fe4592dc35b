import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { MessageCodec } from "../../runtime/protocol/codec.js";
import { BinaryReader } from "../../runtime/protocol/wire/binary-reader.js";
import { BinaryWriter } from "../../runtime/protocol/wire/binary-writer.js";
import type { Session } from "../../runtime/session/session.js";
import { concat } from "../protocol/hex.js";
import { type Client, errorIn, request, textOf } from "../support/client.js";
import { startServer } from "../support/server.js";
import { pushOf, textCodec } from "../support/service.js";

/** A text in field 1, as the generator writes one. What `written` does is done while it is written. */
function wireText(written: (text: string) => void = () => {}): MessageCodec<string> {
  const encode = (text: string, writer = new BinaryWriter()): BinaryWriter => {
    writer.uint32(10);
    written(text);
    return writer.string(text);
  };
  const decode = (input: BinaryReader | Uint8Array): string => {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    reader.uint32();
    return reader.string();
  };
  return { protobuf: { encode, decode }, wire: { encode, decode } };
}

const payload = (text: string): Uint8Array => wireText().protobuf.encode(text).finish();
const told = pushOf("Events.Told", 9, wireText());

/** What the client gets next: a response's id and text, a push's text, an error's code. */
async function next(client: Client): Promise<string> {
  const { id, flag, payload } = await client.message();
  if ((flag & 0x20) !== 0) {
    return `${id}: ${errorIn(payload).code}`;
  }
  return `${id === 0n ? "push" : id}: ${wireText().protobuf.decode(payload)}`;
}

describe("answers that are written where they leave", () => {
  it("are read where they arrived, are whole, and in order with pushes", async () => {
    const handle = (session: Session, text: string): string => {
      session.push(told, `told ${text}`);
      return `${text}!`;
    };
    const codec = wireText();
    const test = await startServer({ services: { A: { Echo: { handle, request: codec, response: codec } } } });
    const client = await test.enter();
    client.send(concat(...[1, 2, 3].map((id) => request(id, "A.Echo", payload(String(id).repeat(id * 100))))));
    for (const id of [1, 2, 3]) {
      const text = String(id).repeat(id * 100);
      expect(await next(client)).toBe(`push: told ${text}`);
      expect(await next(client)).toBe(`${id}: ${text}!`);
    }
  });

  it("are not mixed up with what is sent while they are written", async () => {
    let sender: Session | undefined;
    const response = wireText((text) => void sender?.push(told, `while ${text} was written`));
    const handle = (session: Session, text: string): string => {
      sender = session;
      return text;
    };
    const test = await startServer({ services: { A: { Echo: { handle, request: wireText(), response } } } });
    const client = await test.enter();
    client.send(concat(request(1, "A.Echo", payload("one")), request(2, "A.Echo", payload("two"))));
    expect([await next(client), await next(client), await next(client), await next(client)]).toEqual([
      "1: one",
      "push: while one was written",
      "2: two",
      "push: while two was written",
    ]);
  });

  it("leave nothing behind when writing them fails, but what was sent meanwhile", async () => {
    let sender: Session | undefined;
    const response = wireText((text) => {
      sender?.push(told, "meanwhile");
      throw new NanowireError("odd", `${text} cannot be written`);
    });
    const handle = (session: Session, text: string): string => {
      sender = session;
      return text;
    };
    const test = await startServer({ services: { A: { Echo: { handle, request: wireText(), response } } } });
    const client = await test.enter();
    client.send(request(1, "A.Echo", payload("one")));
    expect([await next(client), await next(client)]).toEqual(["push: meanwhile", "1: odd"]);
  });

  it("are refused when they are larger than maxOutboxBytes, and leave the connection as it was", async () => {
    const codec = wireText();
    const handle = (_session: Session, text: string): string => (text === "much" ? "x".repeat(5_000) : text);
    const test = await startServer({
      services: { A: { Echo: { handle, request: codec, response: codec } } },
      maxOutboxBytes: 4_096,
    });
    const client = await test.enter();
    client.send(concat(request(1, "A.Echo", payload("much")), request(2, "A.Echo", payload("little"))));
    expect([await next(client), await next(client)]).toEqual(["1: message_too_large", "2: little"]);
  });

  it("go through the outbound steps like all others, and requests through the inbound ones", async () => {
    const codec = wireText();
    const seen: string[] = [];
    const test = await startServer({
      services: { A: { Echo: { handle: (_session, text) => text, request: codec, response: codec } } },
      prepare(server) {
        server.inbound.pushBack((_session, message) => {
          seen.push(codec.protobuf.decode(message.payload));
          message.payload = payload("changed");
        });
        server.outbound.pushBack((_session, message) => {
          seen.push(codec.protobuf.decode(message.payload));
          message.payload = payload("changed again");
        });
      },
    });
    const client = await test.enter();
    client.send(request(1, "A.Echo", payload("sent")));
    expect(await next(client)).toBe("1: changed again");
    expect(seen).toEqual(["sent", "changed"]);
  });

  it("end where the payload ends: a message that is cut off takes nothing of the next one", async () => {
    const codec = wireText();
    const test = await startServer({
      services: { A: { Echo: { handle: (_session, text) => text, request: codec, response: textCodec } } },
    });
    const client = await test.enter();
    client.send(concat(request(1, "A.Echo", payload("whole").subarray(0, 5)), request(2, "A.Echo", payload("next"))));
    expect(await next(client)).toBe("1: invalid_payload");
    expect(textOf((await client.message()).payload)).toBe("next");
  });
});
