import type { MemberInfo, MemberList } from "./clusterpb.js";

/** What a master told of one member: it is there, or it is gone. */
export interface MemberChange {
  /** Of the master that says so; empty for nano's. */
  readonly incarnation: string;
  /** Of the master's list, with this change. */
  readonly version: number;
  readonly serviceAddr: string;
  /** Undefined: it is gone. */
  readonly member: MemberInfo | undefined;
}

/**
 * The master's list of members as a member knows it. Lists and changes come by calls of their own, and so in any order: each bears the version of the list that
 * it belongs to. A change that is missed shows at the next heartbeat, which bears the version, and is answered with the whole list.
 */
export class MemberView {
  /** The list up to {@link version}. */
  readonly #base = new Map<string, MemberInfo>();
  /** Members of a former master's list that are not yet in that of its successor: they have not registered there yet, or are gone. */
  readonly #former = new Map<string, MemberInfo>();
  /** Changes beyond it, in their order. There is a gap before the first, or there would be none. */
  #later: MemberChange[] = [];
  /** What nano's master, which numbers nothing, told since it was asked for its list. */
  #unnumbered: MemberChange[] | undefined;
  #incarnation: string | undefined;
  #version = 0;

  /** Of the master whose list it is; empty before there is one. */
  get incarnation(): string {
    return this.#incarnation ?? "";
  }

  /** Up to where nothing is missed. */
  get version(): number {
    return this.#version;
  }

  /** Whether a master's list is there. */
  get isComplete(): boolean {
    return this.#incarnation !== undefined;
  }

  /** The members, by their addresses. */
  get members(): Map<string, MemberInfo> {
    const members = new Map([...this.#former, ...this.#base]);
    for (const change of this.#later) {
      apply(members, change);
    }
    return members;
  }

  /** A master is asked for its list. */
  expect(): void {
    this.#unnumbered = [];
  }

  /**
   * Takes a master's whole list. A new master knows nobody at first, and hears of the members one by one: those that its list lacks stay until {@link forget} is asked.
   */
  replace({ incarnation, version, members }: MemberList): void {
    if (incarnation === this.#incarnation && version < this.#version) {
      // It was on its way while later changes came.
      return;
    }
    if (incarnation === "" || incarnation !== this.#incarnation) {
      for (const [address, member] of this.#base) {
        this.#former.set(address, member);
      }
    }
    this.#later = this.#later.filter((change) => change.incarnation === incarnation && change.version > version);
    this.#incarnation = incarnation;
    this.#version = version;
    this.#base.clear();
    for (const member of members) {
      this.#base.set(member.serviceAddr, member);
      this.#former.delete(member.serviceAddr);
    }
    for (const change of this.#unnumbered ?? []) {
      this.#take(change);
    }
    this.#unnumbered = undefined;
    this.#catchUp();
  }

  /** Takes a change. One of another master's list than the one that is known waits for that list. */
  change(change: MemberChange): void {
    if (change.version === 0) {
      this.#unnumbered?.push(change);
      this.#take(change);
      return;
    }
    if (change.incarnation === this.#incarnation && change.version <= this.#version) {
      return;
    }
    if (this.#later.length >= mostLater) {
      // So many are missing that the whole list has to come.
      this.#later.shift();
    }
    // Mostly it is the last.
    const before = this.#later.findLastIndex(({ version }) => version <= change.version);
    this.#later.splice(before + 1, 0, change);
    this.#catchUp();
  }

  /**
   * The members that a former master knew, and this one still does not, are gone.
   *
   * @param stays of which is known that they are there
   */
  forget(stays: (address: string) => boolean): void {
    for (const address of [...this.#former.keys()]) {
      if (!stays(address)) {
        this.#former.delete(address);
      }
    }
  }

  /** A member is gone, though no master says so. */
  drop(address: string): void {
    this.#former.delete(address);
    this.#base.delete(address);
  }

  #take(change: MemberChange): void {
    this.#former.delete(change.serviceAddr);
    apply(this.#base, change);
  }

  /** What is next in order goes into the list. */
  #catchUp(): void {
    for (;;) {
      const [first] = this.#later;
      if (first === undefined || first.incarnation !== this.#incarnation || first.version > this.#version + 1) {
        return;
      }
      this.#later.shift();
      if (first.version > this.#version) {
        this.#version = first.version;
        this.#take(first);
      }
    }
  }
}

function apply(members: Map<string, MemberInfo>, { serviceAddr, member }: MemberChange): void {
  if (member === undefined) {
    members.delete(serviceAddr);
  } else {
    members.set(serviceAddr, member);
  }
}

const mostLater = 4_096;
