import { defineRemoteHandler, Remote, type RemoteContext } from "../../../runtime/component/remote.js";
import type {
  AddRequest as ShardedAddRequest,
  AddResponse as ShardedAddResponse,
  TotalResponse,
} from "../../generator/scenarios/ledger/expected/generated/bank/v1/ledger.js";
import { LedgerRemote as ShardedLedgerRemote } from "../../generator/scenarios/ledger/expected/generated/bank/v1/ledger.server.js";
import { AddRequest, AddResponse, type Entry } from "../../generator/scenarios/remote/expected/generated/bank.js";
import { LedgerRemote } from "../../generator/scenarios/remote/expected/generated/bank.server.js";
import type { Timestamp } from "../../generator/scenarios/remote/expected/generated/google/protobuf/timestamp.js";
import { AuditRemote } from "../../generator/scenarios/remote/expected/generated/inside.server.js";
import { Arrivals } from "../../support/wait.js";

/** What a ledger does in a test; the rest it does as a user's would. */
export interface LedgerHandlers {
  readonly add?: (context: RemoteContext, request: AddRequest) => AddResponse | Promise<AddResponse>;
  readonly close?: (context: RemoteContext) => void | Promise<void>;
  readonly note?: (context: RemoteContext, message: Entry) => void | Promise<void>;
  readonly init?: () => void | Promise<void>;
  readonly shutdown?: () => void | Promise<void>;
}

/** A ledger as a user writes one: an account is what was added to it. */
export class Ledger extends LedgerRemote {
  readonly balances = new Map<string, bigint>();
  /** What it was told. */
  readonly notes = new Arrivals<string>();
  /** The contexts that its handlers got. */
  readonly contexts = new Arrivals<RemoteContext>();
  readonly #handlers: LedgerHandlers;

  constructor(handlers: LedgerHandlers = {}) {
    super();
    this.#handlers = handlers;
  }

  override init(): void | Promise<void> {
    return this.#handlers.init?.();
  }

  override shutdown(): void | Promise<void> {
    return this.#handlers.shutdown?.();
  }

  override add(context: RemoteContext, request: AddRequest): AddResponse | Promise<AddResponse> {
    this.contexts.push(context);
    if (this.#handlers.add !== undefined) {
      return this.#handlers.add(context, request);
    }
    const cents = (this.balances.get(request.account) ?? 0n) + (request.amount?.cents ?? 0n);
    this.balances.set(request.account, cents);
    return { balance: { cents } };
  }

  override note(context: RemoteContext, message: Entry): void | Promise<void> {
    this.contexts.push(context);
    this.notes.push(message.text);
    return this.#handlers.note?.(context, message);
  }

  override close(context: RemoteContext): void | Promise<void> {
    this.contexts.push(context);
    return this.#handlers.close?.(context);
  }

  override lastAt(): Timestamp {
    return { seconds: 12n, nanos: 5 };
  }

  override then$(): void {}

  override wake(): void {
    this.notes.push("awake");
  }
}

/** An auditor that does as it is told. */
export class Audit extends AuditRemote {
  readonly #check: (context: RemoteContext, request: AddRequest) => AddResponse | Promise<AddResponse>;

  constructor(check: (context: RemoteContext, request: AddRequest) => AddResponse | Promise<AddResponse>) {
    super();
    this.#check = check;
  }

  override check(context: RemoteContext, request: AddRequest): AddResponse | Promise<AddResponse> {
    return this.#check(context, request);
  }

  override definition(context: RemoteContext, request: AddRequest): AddResponse | Promise<AddResponse> {
    return this.#check(context, request);
  }
}

/** A ledger that was generated from a .proto of another age: its one method has a fingerprint of its own. */
export class AgedLedger extends Remote {
  constructor(fingerprint: string) {
    super({
      name: "Ledger",
      protoName: "bank.v1.Ledger",
      handlers: [
        defineRemoteHandler({
          method: {
            service: "Ledger",
            route: "Ledger.Add",
            kind: "call",
            request: AddRequest,
            response: AddResponse,
            fingerprint,
          },
          invoke: (): AddResponse => ({ balance: undefined }),
        }),
      ],
    });
  }
}

/** A ledger that has each account on one node. */
export class ShardedLedger extends ShardedLedgerRemote {
  readonly accounts = new Map<string, bigint>();

  override add(_context: RemoteContext, { account, cents }: ShardedAddRequest): ShardedAddResponse {
    const sum = (this.accounts.get(account) ?? 0n) + cents;
    this.accounts.set(account, sum);
    return { cents: sum };
  }

  override total(): TotalResponse {
    return { cents: BigInt(this.accounts.size) };
  }

  override note(): void {}
}
