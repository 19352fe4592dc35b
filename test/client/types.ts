// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import {
  type CallOptions,
  type ClientConnection,
  type ClientMethod,
  type ClientPush,
  type ClientSocket,
  type ConnectOptions,
  connect,
  type Dial,
  type NanowireError,
  resumption,
  type Unsubscribe,
} from "nanowire/client";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where both types are the same. */
function same<A, B>(_: Same<A, B>): void {}

/** What a program may and may not write. */
export async function typesOfTheClient(
  connection: ClientConnection,
  join: ClientMethod<{ name: string }, { members: string[] }>,
  leave: ClientMethod<void, void>,
  said: ClientPush<{ text: string }>,
  socket: ClientSocket,
): Promise<void> {
  same<Awaited<ReturnType<typeof connect>>, ClientConnection>(true);
  same<typeof connection.closed, Promise<NanowireError>>(true);
  same<typeof connection.state, "connecting" | "open" | "reconnecting" | "closed">(true);
  same<typeof connection.handshake.user, unknown>(true);
  await connect("ws://there", { reconnect: { resume: resumption } });
  // @ts-expect-error it is made for each connection, by the connection
  await connect("ws://there", { reconnect: { resume: resumption() } });
  // @ts-expect-error without reconnecting there is nothing to resume by
  await connect("ws://there", { resume: resumption });
  connection.onState((status) => {
    // @ts-expect-error only a connection that is open has been resumed, or not
    same<typeof status.resumed, boolean>(true);
    if (status.state === "open") {
      same<typeof status.resumed, boolean>(true);
    }
  });

  const answer = await connection.request(join, { name: "ada" }, { timeoutMs: 5 });
  same<typeof answer, { members: string[] }>(true);
  const nothing = await connection.request(leave, undefined);
  same<typeof nothing, void>(true);
  const end = connection.on(said, (message) => same<typeof message, { text: string }>(true));
  same<typeof end, Unsubscribe>(true);

  // @ts-expect-error a request of another type
  await connection.request(join, { nickname: "ada" });
  // @ts-expect-error a request that is missing
  await connection.request(join);
  // @ts-expect-error a method that answers is no notify
  connection.notify(join, { name: "ada" });
  // @ts-expect-error a push is not called
  await connection.request(said, { text: "" });
  // @ts-expect-error a method is not listened to
  connection.on(join, () => {});
  // @ts-expect-error a listener for another type
  connection.on(said, (message: { name: string }) => message.name);
  // @ts-expect-error nobody opens a closed connection
  connection.state = "open";
  // @ts-expect-error an option that does not exist
  await connection.request(leave, undefined, { timeout: 5 });
  // @ts-expect-error a listener hears an error, no code
  connection.onClose((code: string) => code);
  // @ts-expect-error a kick's reason is a text
  connection.onKick((reason: NanowireError) => reason);

  await connect("ws://127.0.0.1", { dictVersion: "x", user: { any: ["thing"] }, signal: AbortSignal.abort() });
  const dial: Dial = async (_signal: AbortSignal) => socket;
  await connect(dial);
  // @ts-expect-error a URL is given as text
  await connect(new URL("ws://127.0.0.1"));
  // @ts-expect-error an option that does not exist
  await connect("ws://127.0.0.1", { requestTimeout: 5 });
  // @ts-expect-error an option is left out, not undefined
  const options: ConnectOptions = { requestTimeoutMs: undefined };
  // @ts-expect-error an option of another type
  const call: CallOptions = { timeoutMs: "5" };
  // @ts-expect-error a dialler makes a socket
  await connect(async () => ({ options, call }));

  await connect("ws://127.0.0.1", { reconnect: true });
  await connect("ws://127.0.0.1", {
    reconnect: {
      jitter: 0,
      offlineRequests: "fail",
      onReconnected: async (again) => void (await again.request(join, { name: "ada" })),
    },
    onState: (status) => status.state,
  });
  // @ts-expect-error an option that does not exist
  await connect("ws://127.0.0.1", { reconnect: { retries: 5 } });
  // @ts-expect-error neither word
  await connect("ws://127.0.0.1", { reconnect: { offlineRequests: "queue" } });
  const { status } = connection;
  if (status.state === "reconnecting") {
    same<typeof status.delayMs, number>(true);
    same<typeof status.reason, NanowireError>(true);
  } else {
    // @ts-expect-error only a pause has a length
    status.delayMs;
  }
  same<typeof connection.roundTrip.smoothedMs, number | undefined>(true);
  // @ts-expect-error it is counted by the connection alone
  connection.offline.dropped = 0;
  connection.onDrain(({ delayMs, url }) => [
    same<typeof delayMs, number>(true),
    same<typeof url, string | undefined>(true),
  ]);

  const room = new RoomClient(connection);
  const joined = await room.join({ name: "ada" }, { timeoutMs: 1_000 });
  same<typeof joined.members, string[]>(true);
  same<ReturnType<typeof room.say>, void>(true);
  same<ReturnType<typeof room.leave>, Promise<void>>(true);
  // @ts-expect-error a request of another type
  await room.join({ nick: "ada" });
  // @ts-expect-error a message of another type
  room.say("hello");
  // @ts-expect-error an acknowledged call takes no message
  await room.leave({ name: "ada" });
  const events = new RoomEventsClient(connection);
  same<ReturnType<typeof events.onSaid>, Unsubscribe>(true);
  // @ts-expect-error a listener for another type
  events.onSaid((message: { nick: string }) => message.nick);
}
