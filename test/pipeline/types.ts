// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import type { Server } from "nanowire";
import type { Room } from "../../examples/chat/room.js";

declare module "nanowire" {
  interface CallData {
    account: { readonly name: string };
  }
}

/** What a step and a hook may and may not write of what they keep. */
export function typesOfCallData(server: Server, room: Room): void {
  server.inbound.of(room).pushBack((_session, { data }) => {
    data.account = { name: "ada" };
    // @ts-expect-error: an account has a name
    data.account = {};
  });
  server.hooks.of(room, "join").before(({ data, request }) => {
    const name: string | undefined = data.account?.name;
    // @ts-expect-error: it may be missing
    const surely: string = data.account?.name;
    request.name = name ?? surely;
  });
  server.outbound.of("RoomEvents").pushBack((_session, { data, kind }) => {
    const name: string | undefined = data.account?.name;
    // @ts-expect-error: nobody has declared that
    return void [name, kind, data.acount];
  });
  // @ts-expect-error: steps are of components and services
  server.inbound.of(server);
  // @ts-expect-error: a service's pipeline has none of its own
  server.inbound.of(room).of(room);
}
