import { protoCamelCase } from "@bufbuild/protobuf/reflect";

/** Words that cannot name a constant in a module. */
const reservedWords: ReadonlySet<string> = new Set(
  "abstract any as async await boolean break case catch class const continue debugger declare default delete do else enum export extends false finally for from function get if implements import in instanceof interface is let module namespace new null of package private protected public readonly return set static super switch symbol this throw true try type typeof undefined var void while with yield arguments eval".split(
    " ",
  ),
);

/** Names of JavaScript's own that an import had better not cover. */
const globals =
  "Array ArrayBuffer BigInt Boolean DataView Date Error Function Infinity Intl JSON Map Math NaN Number Object Promise Proxy Reflect RegExp Set String Symbol TypeError Uint8Array WeakMap WeakSet globalThis".split(
    " ",
  );

/** Names that a method of a component, a sender or a proxy cannot have: those of Component, of every object, and of a promise. */
const reservedMembers: ReadonlySet<string> = new Set([
  "init",
  "afterInit",
  "beforeShutdown",
  "shutdown",
  "scheduler",
  "remotes",
  "constructor",
  "then",
  "toJSON",
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/** Names that TypeScript keeps for itself: no interface can bear them. */
const unusableTypeNames: ReadonlySet<string> = new Set(
  "any unknown never number bigint boolean string symbol void object undefined null true false this break case catch class const continue debugger default delete do else enum export extends finally for function if import in instanceof new return super switch throw try typeof var while with let static yield await implements interface package private protected public".split(
    " ",
  ),
);

/** The names of one generated file: each is given once. */
export class Names {
  readonly #taken = new Set(globals);

  /** Takes a name that cannot be another one: false when somebody has it. */
  take(name: string): boolean {
    if (this.#taken.has(name)) {
      return false;
    }
    this.#taken.add(name);
    return true;
  }

  /** Takes the first free one of the wanted names, or else the first of them with a number. */
  claim(wanted: string, ...others: readonly string[]): string {
    for (const name of [wanted, ...others]) {
      const usable = reservedWords.has(name) ? `${name}$` : name;
      if (this.take(usable)) {
        return usable;
      }
    }
    for (let number = 2; ; number++) {
      if (this.take(wanted + number)) {
        return wanted + number;
      }
    }
  }
}

/** Whether a message of this name can be an interface: `_1` is called `1` by the codec generator, and so cannot. */
export function isUsableTypeName(name: string): boolean {
  return /^[A-Za-z_]/.test(name) && !unusableTypeNames.has(name);
}

/** `Join`, `GetURL`, `say_hello` → `join`, `getURL`, `sayHello`: the rule of protobuf's own generator for TypeScript. */
export function lowerCamel(name: string): string {
  return identifier(protoCamelCase(name.slice(0, 1).toLowerCase() + name.slice(1)), name);
}

/** `Room`, `room_events` → `Room`, `RoomEvents`. */
export function upperCamel(name: string): string {
  const camel = lowerCamel(name);
  return camel.slice(0, 1).toUpperCase() + camel.slice(1);
}

/** The method of a component, a sender or a proxy that stands for an rpc. */
export function methodName(rpc: string): string {
  const name = lowerCamel(rpc);
  return reservedMembers.has(name) ? `${name}$` : name;
}

/** An identifier cannot be empty or begin with a digit; `_1` and `_` of a .proto would. */
function identifier(camel: string, original: string): string {
  return /^[A-Za-z]/.test(camel) ? camel : original;
}
