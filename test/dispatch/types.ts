import { createServer, type HandlerName, memory } from "nanowire";
import { Room } from "../../examples/chat/room.js";

// What must compile, and what must not: `npm run types` is the test.

const room = new Room();
const server = createServer({ components: [room], listen: [memory()] });

export const names: HandlerName<Room>[] = ["join", "say", "leave"];
// @ts-expect-error: no handler
export const others: HandlerName<Room>[] = ["init"];

server.hooks.of(room, "join").before(({ request }) => {
  const name: string = request.name;
  // @ts-expect-error: a JoinRequest has no such field
  request.nmae = name;
});
server.hooks.of(room, "join").after((_call, { value }) => {
  const members: readonly string[] | undefined = value?.members;
  // @ts-expect-error: a list of strings
  const count: number | undefined = members;
  return void count;
});
server.hooks.of(room, "leave").before(({ request }) => {
  const nothing: undefined = request;
  return nothing;
});
// @ts-expect-error: there is no such handler
server.hooks.of(room, "jion");
server.hooks.before(({ request }) => {
  // @ts-expect-error: of all handlers nothing is known of the message
  request.name;
});
