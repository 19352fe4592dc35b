import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { clientNetwork } from "../transport/ip-address.js";
import type { Proxies } from "../transport/proxies.js";
import type { Guest, Place } from "../transport/transport.js";
import type { Counters } from "./counters.js";
import type { SweepSchedule, Swept } from "./heartbeat.js";
import type { ResolvedOptions } from "./options.js";
import { RefusalLog } from "./refusal-log.js";

/** What the places of a server rest on. */
export interface PlacesHost {
  readonly options: ResolvedOptions;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly proxies: Proxies;
}

/** The places of a server's connections: as many as it takes, and of those as many for each address as one may have. */
export class Places {
  readonly #host: PlacesHost;
  readonly #log: RefusalLog;
  readonly #arriving = new Set<TakenPlace>();
  /** How many are taken for each network that has one or more. */
  readonly #byNetwork = new Map<string, number>();
  #taken = 0;

  constructor(host: PlacesHost) {
    this.#host = host;
    this.#log = new RefusalLog(host.logger, host.options.clock);
  }

  /** Those whose clients are on their way. */
  get arriving(): Iterable<Swept> {
    return this.#arriving;
  }

  /**
   * Takes one.
   *
   * @throws NanowireError `server_full`
   */
  take(guest: Guest): TakenPlace {
    const { maxConnections } = this.#host.options;
    if (this.#taken >= maxConnections) {
      const reason = new NanowireError("server_full", `the server has its maxConnections ${maxConnections}`);
      this.refused(reason, undefined);
      throw reason;
    }
    this.#taken++;
    const place = new TakenPlace(this, guest, this.#host.options.handshakeTimeoutMs);
    this.#arriving.add(place);
    this.#host.counters.arriving++;
    return place;
  }

  /**
   * Counts a place at its client's address. A proxy's address stands for many, and is not counted; nor is what is no
   * address of the Internet.
   *
   * @returns what it is counted under
   * @throws NanowireError `too_many_connections`
   */
  count(address: string): string | undefined {
    const { options, proxies } = this.#host;
    const network = proxies.trusts(address) ? undefined : clientNetwork(address);
    if (network !== undefined) {
      const count = this.#byNetwork.get(network) ?? 0;
      if (count >= options.maxConnectionsPerAddress) {
        const message = `${network} has its maxConnectionsPerAddress ${options.maxConnectionsPerAddress}`;
        throw new NanowireError("too_many_connections", message);
      }
      this.#byNetwork.set(network, count + 1);
    }
    return network;
  }

  /** The client of a place is on its way no longer: its connection sees to its time, or it is gone. */
  arrived(place: TakenPlace): void {
    if (this.#arriving.delete(place)) {
      this.#host.counters.arriving--;
    }
  }

  /**
   * The connection that had a place is gone, or its client never came to be one.
   *
   * @param network what the place was counted under
   */
  free(network: string | undefined): void {
    this.#taken--;
    if (network !== undefined) {
      const left = (this.#byNetwork.get(network) ?? 1) - 1;
      if (left > 0) {
        this.#byNetwork.set(network, left);
      } else {
        this.#byNetwork.delete(network);
      }
    }
  }

  /** A client is turned away. */
  refused(reason: NanowireError, address: string | undefined): void {
    this.#host.counters.refused(reason.code);
    this.#log.note(reason, address);
  }
}

/** A place that is taken, until its client has arrived: its connection remembers then what the place was counted under, and nothing else. */
export class TakenPlace implements Place, Swept {
  /** How many sweeps its client has had for its handshake. */
  sweeps = 0;
  readonly #places: Places;
  #guest: Guest | undefined;
  readonly #handshakeTimeoutMs: number;
  #address: string | undefined;
  #network: string | undefined;
  #state: "arriving" | "arrived" | "left" = "arriving";

  constructor(places: Places, guest: Guest, handshakeTimeoutMs: number) {
    this.#places = places;
    this.#guest = guest;
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
  }

  /** What it is counted under; undefined for what is not counted. */
  get network(): string | undefined {
    return this.#network;
  }

  /** Whether its client is on its way. */
  get awaited(): boolean {
    return this.#state === "arriving";
  }

  comesFrom(address: string): void {
    if (this.#address !== undefined || this.#state === "left") {
      return;
    }
    this.#address = address;
    try {
      this.#network = this.#places.count(address);
    } catch (error) {
      this.leave(error as NanowireError);
      throw error;
    }
  }

  leave(reason: NanowireError | undefined): void {
    if (this.#state === "arriving") {
      this.#state = "left";
      this.#places.arrived(this);
      this.#places.free(this.#network);
      if (reason !== undefined) {
        this.#places.refused(reason, this.#address);
      }
    }
  }

  /** The client is there. Whoever has its connection frees the place by {@link Places.free}. */
  arrived(): void {
    this.#state = "arrived";
    this.#guest = undefined;
    this.#places.arrived(this);
  }

  sweep(schedule: SweepSchedule): void {
    if (++this.sweeps > schedule.handshake) {
      const message = `no connection after ${this.#handshakeTimeoutMs} ms`;
      const reason = new NanowireError("handshake_timeout", message);
      this.leave(reason);
      this.#guest?.turnAway(reason);
    }
  }
}
