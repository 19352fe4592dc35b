import type { Logger } from "../../base/logger.js";
import type { MemberChange } from "./member-view.js";
import { type Dialing, detailsOf, RpcClient } from "./rpc-client.js";
import { memberService } from "./services.js";

/** Whom a master tells of changes to its list. */
export interface Teller {
  /** Resolved when it was told, or could not be. It is tried no longer than a bounded time. */
  tell(change: MemberChange, reason: string): Promise<void>;
  /** Tells what could not be told before, to one whose heartbeats do not show what it missed. */
  again(): void;
  close(): void;
}

/** Tells a member by nano's calls, one after the other: nano's members do not number changes, and so must get them in order. */
export class MemberTeller implements Teller {
  readonly #client: RpcClient;
  readonly #timeoutMs: number;
  readonly #logger: Logger;
  readonly #address: string;
  /** What is to be told: of each other member the last change. */
  readonly #pending = new Map<string, { readonly change: MemberChange; readonly reason: string }>();
  readonly #isNano: boolean;
  #telling: Promise<void> | undefined;
  #isClosed = false;

  /** @param isNano whether it speaks nano's protocol alone */
  constructor(address: string, isNano: boolean, dialing: Dialing, timeoutMs: number, logger: Logger) {
    this.#address = address;
    this.#isNano = isNano;
    this.#client = new RpcClient(address, dialing);
    this.#timeoutMs = timeoutMs;
    this.#logger = logger;
  }

  tell(change: MemberChange, reason: string): Promise<void> {
    this.#pending.delete(change.serviceAddr);
    this.#pending.set(change.serviceAddr, { change, reason });
    return this.#start();
  }

  again(): void {
    if (this.#pending.size > 0) {
      void this.#start();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#pending.clear();
    this.#client.close();
  }

  #start(): Promise<void> {
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  /** One that cannot be told is left for the next time: what comes after it waits. */
  async #tellAll(): Promise<void> {
    for (;;) {
      const [first] = this.#pending;
      if (first === undefined || this.#isClosed) {
        return;
      }
      const [address, told] = first;
      try {
        await this.#tellOne(told.change, told.reason);
      } catch (error) {
        if (!this.#isClosed) {
          this.#logger.debug({ address: this.#address, reason: detailsOf(error) }, "a member was not told of another");
        }
        return;
      }
      if (this.#pending.get(address) === told) {
        this.#pending.delete(address);
      }
    }
  }

  async #tellOne({ incarnation, version, serviceAddr, member }: MemberChange, reason: string): Promise<void> {
    // nano's members have twice whom they are told of twice.
    if (member === undefined || this.#isNano) {
      const gone = { serviceAddr, incarnation, version, reason };
      await this.#client.call(memberService.DelMember, gone, this.#timeoutMs);
    }
    if (member !== undefined) {
      await this.#client.call(memberService.NewMember, { member, incarnation, version }, this.#timeoutMs);
    }
  }
}
