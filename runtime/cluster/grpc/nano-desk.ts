import { status } from "@grpc/grpc-js";
import { NanowireError } from "../../base/error.js";
import type { Serializer } from "../../protocol/serializer.js";
import { OutgoingPush } from "../../session/push.js";
import { PushBatch } from "../../session/push-batch.js";
import type { NodeInfo } from "../node-info.js";
import type { Peer, PeerVisit } from "../peer.js";
import type { NotifyMessage, PushMessage, RequestMessage, ResponseMessage, SessionRequest } from "./clusterpb.js";
import { addressLabel } from "./nano-node.js";
import { type ExpectedAnswer, NanoVoice, type NanoVoiceSettings } from "./nano-voice.js";
import { Refusal } from "./refusal.js";

/** What a node needs to speak with nano's. */
export interface NanoDeskSettings
  extends Pick<NanoVoiceSettings, "host" | "dialing" | "heartbeatIntervalMs" | "address"> {
  readonly serializer: Serializer;
  /** The routes that this node hosts. */
  readonly hosts: (route: string) => boolean;
}

/** Where nano's calls that carry clients' messages arrive, and are handed to the node that they are of. */
export class NanoDesk {
  readonly #settings: NanoDeskSettings;
  /** By address. */
  readonly #voices = new Map<string, NanoVoice>();
  readonly #expected = new Map<bigint, ExpectedAnswer>();
  #lastId = 0n;

  constructor(settings: NanoDeskSettings) {
    this.#settings = settings;
  }

  /** What speaks with a node of nano's. */
  voiceOf({ labels }: NodeInfo, peer: Peer): NanoVoice {
    const address = labels[addressLabel] as string;
    this.#voices.get(address)?.end();
    const voice = new NanoVoice(address, peer, {
      ...this.#settings,
      expect: (request) => {
        this.#expected.set(++this.#lastId, request);
        return this.#lastId;
      },
      forget: (id) => void this.#expected.delete(id),
      closed: (closed) => {
        if (this.#voices.get(closed.address) === closed) {
          this.#voices.delete(closed.address);
        }
      },
    });
    this.#voices.set(address, voice);
    return voice;
  }

  /** A node is gone. */
  gone(id: string): void {
    for (const voice of [...this.#voices.values()]) {
      if (voice.peer.id === id) {
        voice.end();
      }
    }
  }

  close(): void {
    for (const voice of [...this.#voices.values()]) {
      voice.end();
    }
  }

  // nano's calls

  /** @throws Refusal when the route is not hosted here, or its gate is no node of nano's */
  request({ gateAddr, ...message }: RequestMessage): object {
    if (message.id > Number.MAX_SAFE_INTEGER) {
      throw new Refusal(status.INVALID_ARGUMENT, `request ${message.id} has a greater number than 2^53 - 1`);
    }
    this.#gateOf(gateAddr, message.route).called(message, false);
    return {};
  }

  /** @throws Refusal as {@link request} */
  notify({ gateAddr, ...message }: NotifyMessage): object {
    this.#gateOf(gateAddr, message.route).called({ ...message, id: 0n }, true);
    return {};
  }

  /** A member has answered; who is no longer waited for is not missed. */
  response({ sessionId, id, data }: ResponseMessage): object {
    const expected = this.#expected.get(id);
    if (expected === undefined || expected.sessionId !== sessionId) {
      throw new Refusal(status.NOT_FOUND, `no request ${id} of session ${sessionId} is waited for`);
    }
    this.#expected.delete(id);
    expected.voice.answered(id, expected, data);
    return {};
  }

  /** A member tells a client of ours something. @throws Refusal when there is none */
  push({ sessionId, route, data }: PushMessage): object {
    const { serializer } = this.#settings;
    const push = OutgoingPush.encoded(route, undefined, "", serializer, data, new PushBatch());
    this.#visitOf(sessionId).session.pushShared(push);
    return {};
  }

  /** A gate says that a session is over: it says so to every member. */
  sessionClosed({ sessionId }: SessionRequest): object {
    for (const voice of this.#voices.values()) {
      if (voice.guestClosed(sessionId)) {
        break;
      }
    }
    return {};
  }

  /** A member closes a session of ours. @throws Refusal when there is none */
  closeSession({ sessionId }: SessionRequest): object {
    this.#visitOf(sessionId).close(new NanowireError("closed", "a node of nano's closed the session"));
    return {};
  }

  #gateOf(gateAddr: string, route: string): NanoVoice {
    if (!this.#settings.hosts(route)) {
      throw new Refusal(status.NOT_FOUND, `service not found in current node: ${route}`);
    }
    const voice = this.#voices.get(gateAddr);
    if (voice === undefined) {
      throw new Refusal(status.FAILED_PRECONDITION, `no node of nano's is known at ${gateAddr}`);
    }
    return voice;
  }

  /** nano does not say which member pushes: any that knows the session stands for it. */
  #visitOf(sessionId: bigint): PeerVisit {
    for (const voice of this.#voices.values()) {
      const number = voice.visitOf(sessionId);
      const visit = number === undefined ? undefined : voice.peer.visits.get(number);
      if (visit !== undefined) {
        return visit;
      }
    }
    throw new Refusal(status.NOT_FOUND, `session not found: ${sessionId}`);
  }
}
