// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import { type Bot, type BotsReport, defineScenario, runBots } from "nanowire/bots";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import type { UserSaid } from "../../generated/chat/v1/room.js";

/** Compiles only where both types are the same. */
function same<A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false): void {}

/** What a scenario may and may not do. */
export async function typesOfBots(bot: Bot): Promise<void> {
  const connection = await bot.connect();
  const events = new RoomEventsClient(connection);
  const said = bot.listen(events, "onSaid");
  same<Awaited<ReturnType<typeof said.next>>, UserSaid>(true);
  await said.next({ where: ({ text }) => text === "hello", within: "2s" });
  // @ts-expect-error a message without that field
  await said.next({ where: ({ colour }) => colour === "red" });
  // @ts-expect-error a time without a unit
  await said.next({ within: "2" });
  // @ts-expect-error a push that there is not
  bot.listen(events, "onSung");
  // @ts-expect-error a client that listens to nothing
  bot.listen(new RoomClient(connection), "join");
  // @ts-expect-error a number is no time
  await bot.think(1000);
  // @ts-expect-error a unit that there is not
  await bot.repeat({ every: "1day" }, () => {});
  // @ts-expect-error a loop without a body
  await bot.repeat({ every: "1s" });
  const length = await bot.step("count", async () => 7);
  same<typeof length, number>(true);
  // @ts-expect-error what holds is true or false
  bot.check("it holds", "yes");

  // @ts-expect-error a scenario without a name
  defineScenario({ run: () => {} });
  const report = await runBots({ scenario: defineScenario({ name: "x", run: () => {} }), url: "ws://127.0.0.1:1" });
  same<typeof report, BotsReport>(true);
  // @ts-expect-error no URL
  await runBots({ scenario: "chat.js" });
  // @ts-expect-error a time without a unit
  await runBots({ scenario: "chat.js", url: "ws://127.0.0.1:1", for: "60" });
}
