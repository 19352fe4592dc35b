import { NanowireError } from "../../../runtime/base/error.js";
import { clusterProtocol } from "../../../runtime/cluster/cluster-node.js";
import type { ClusterDriver, ClusterHost, Joined } from "../../../runtime/cluster/driver.js";
import { LinkFlag, linkHeaderBytes, linkSenderOf, writeLinkHeader } from "../../../runtime/cluster/link-frame.js";
import type { NodeInfo } from "../../../runtime/cluster/node-info.js";
import { defineRemoteHandler, Remote } from "../../../runtime/component/remote.js";
import { type MemoryTransport, memory } from "../../../runtime/transport/memory.js";
import { concat, hex } from "../../protocol/hex.js";
import { textCodec } from "../../support/service.js";
import type { OpenTarget, Target } from "../target.js";
import { FuzzServer, turns } from "./fuzz-server.js";

/**
 * A node of the cluster that says what it likes to a gate, whose client has a call under way there (visit 1, call 1). The first byte of an input tells what the rest is, by its
 * remainder of 3: 0, records, each behind its length in one byte; 1, all records of a frame as they are; 2, whole frames, each behind its length in one byte.
 */
export const nodeLinkTarget: Target = {
  name: "node-links",
  weight: 2,
  async open() {
    const transport = memory();
    const driver = new RogueDriver();
    const server = await FuzzServer.start(transport, { cluster: { driver, id: "gate" }, remotes: [new Store()] });
    return new NodeLink(server, driver, transport);
  },
};

class NodeLink implements OpenTarget {
  readonly #server: FuzzServer;
  readonly #driver: RogueDriver;
  readonly #transport: MemoryTransport;
  /** Each input is another node's: nothing of what one said is left for the next. */
  #nodes = 0;

  constructor(server: FuzzServer, driver: RogueDriver, transport: MemoryTransport) {
    this.#server = server;
    this.#driver = driver;
    this.#transport = transport;
  }

  async run([kind = 0, ...rest]: Uint8Array): Promise<boolean> {
    const { log } = this.#server;
    const id = `rogue-${++this.#nodes}`;
    const host = this.#driver.joinedHost;
    const client = await this.#transport.dial(new AbortController().signal);
    client.start({ receive() {}, closed() {} });
    host.joined(nodeOf(id));
    client.send(callOfFarGo);
    host.received(id, frameOf(LinkFlag.idle, 0, 0, nothing));
    await turns(1);
    const gate = linkSenderOf(this.#driver.takeLast());
    for (const frame of framesOf(kind % 3, Uint8Array.from(rest), gate)) {
      host.received(id, frame);
    }
    await turns(2);
    const taken = log.at("error").length + log.at("warn").length === 0;
    host.left(id, new NanowireError("unavailable", "the node is gone"));
    client.close();
    await turns(1);
    await this.#server.check();
    const { sessions } = this.#server.server.counters;
    if (sessions > 0) {
      throw new Error(`${sessions} sessions stay, and their client and their node are gone`);
    }
    return taken;
  }

  async close(): Promise<void> {
    await this.#server.stop();
  }
}

/** Carries nothing: what is sent is kept, and what comes is put in by hand. */
class RogueDriver implements ClusterDriver {
  readonly name = "rogue";
  #host: ClusterHost | undefined;
  #last: Uint8Array | undefined;

  get joinedHost(): ClusterHost {
    if (this.#host === undefined) {
      throw new Error("the node has not joined");
    }
    return this.#host;
  }

  /** The last frame that was sent since this was asked. */
  takeLast(): Uint8Array {
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined) {
      throw new Error("the node has sent nothing");
    }
    return last;
  }

  join(_node: NodeInfo, host: ClusterHost): Promise<Joined> {
    this.#host = host;
    return Promise.resolve({ number: 0 });
  }

  update(): Promise<void> {
    return Promise.resolve();
  }

  send(_to: string, frame: Uint8Array): void {
    this.#last = frame;
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }
}

/** What other nodes may call. */
class Store extends Remote {
  constructor() {
    const common = { service: "Store", request: textCodec.protobuf, response: textCodec.protobuf };
    super({
      name: "Store",
      protoName: "test.v1.Store",
      handlers: [
        defineRemoteHandler({
          method: { ...common, route: "Store.Get", kind: "call" },
          invoke: (_remote: Store, _context, text: string) => text,
        }),
        defineRemoteHandler({
          method: { ...common, route: "Store.Put", kind: "tell" },
          invoke: () => "",
        }),
      ],
    });
  }
}

function nodeOf(id: string): NodeInfo {
  return {
    id,
    incarnation: id,
    protocol: clusterProtocol,
    gate: true,
    services: [{ name: "Far", methods: { "Far.Go": "" } }],
    remotes: [],
    draining: false,
    labels: {},
  };
}

/** @param gate the epoch of the gate's end of the link */
function framesOf(kind: number, bytes: Uint8Array, gate: number): Uint8Array[] {
  switch (kind) {
    case 0: {
      const records = partsOf(bytes).map((record) => concat(Uint8Array.of(record.length, 0, 0, 0), record));
      return [frameOf(0, gate, 1, concat(...records))];
    }
    case 1:
      return [frameOf(0, gate, 1, bytes)];
    default:
      return partsOf(bytes);
  }
}

/** Pieces, each behind its length in one byte; the last as long as it is. */
function partsOf(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + (bytes[at] as number);
    parts.push(bytes.subarray(at + 1, end));
    at = end;
  }
  return parts;
}

function frameOf(flags: number, receiver: number, sequence: number, records: Uint8Array): Uint8Array {
  const frame = concat(new Uint8Array(linkHeaderBytes), records);
  writeLinkHeader(frame, flags, rogueEpoch, receiver, sequence, 0);
  return frame;
}

const rogueEpoch = 7;
const nothing = new Uint8Array(0);

/** A handshake, its ack, and a request of Far.Go. */
const callOfFarGo = hex(`01 00 00 1e '{"sys":{"type":"test-client"}}' 02 00 00 00 04 00 00 0b 00 01 06 'Far.Go' 'hi'`);
