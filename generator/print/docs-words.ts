import type { DocsModel } from "../model/docs.js";
import type { ProtocolMethod, ProtocolService } from "../model/protocol.js";

/** What a kind of service is, in words. */
export const serviceKindText: Readonly<Record<ProtocolService["kind"], string>> = {
  HANDLER: "Clients call, the server handles.",
  PUSH: "The server tells, clients listen.",
  REMOTE: "One node of a cluster calls, another handles. No client can.",
};

/** Who sends, and who receives. */
export const directionText: Readonly<Record<ProtocolMethod["direction"], string>> = {
  "client-to-server": "client → server",
  "server-to-client": "server → client",
  "server-to-server": "server → server",
};

/** What a kind of call means for the one who makes it. */
export const methodKindText: Readonly<Record<ProtocolMethod["kind"], string>> = {
  request: "answered exactly once, with the response or an error",
  notify: "never answered",
  push: "the server sends it by itself",
  call: "another node answers, with the response or an error",
  tell: "another node is told, and never answers",
};

/** What the pages say of the frames that they show. */
export const framesText =
  "Between client and server every message travels in a packet: one byte for its type, three for the length of what follows. A route is sent as its code, two bytes; " +
  "a client that has no dictionary sends the route's text instead (flag without its lowest bit, one byte for the length, the text). " +
  "An error comes as a response whose flag has bit 0x20, with a payload of its own: code, message and details. " +
  "A connection that chose JSON in its handshake has the JSON as its payload; the rest of the frame is the same but for the length.";

/** More than any code is. */
const afterCodes = 0x10000;

/** Every method with its service, by the route's code; what nodes send each other has none, and comes last. */
export function methodsByCode({
  services,
}: DocsModel): { service: DocsModel["services"][number]; method: DocsModel["services"][number]["methods"][number] }[] {
  return services
    .flatMap((service) => service.methods.map((method) => ({ service, method })))
    .sort((a, b) => (a.method.code ?? afterCodes) - (b.method.code ?? afterCodes));
}

/** `1 service, 2 routes`. */
export function countText(...counts: readonly [count: number, one: string, many: string][]): string {
  return counts.map(([count, one, many]) => `${count} ${count === 1 ? one : many}`).join(", ");
}
