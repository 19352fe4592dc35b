import { defineScenario } from "nanowire/bots";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { dictVersion } from "../../generated/routes.js";

/**
 * Somebody in the chat: he joins, says something every second or so, and waits each time until he hears himself. Everybody hears everybody: the more bots there are, the
 * more pushes each of them is sent.
 */
export default defineScenario({
  name: "chat",
  async run(bot) {
    const connection = await bot.connect({ dictVersion });
    const room = new RoomClient(connection);
    const said = bot.listen(new RoomEventsClient(connection), "onSaid");
    const name = `bot-${bot.index}`;

    const { members } = await room.join({ name });
    bot.check("who joins is a member", members.includes(name));
    await bot.think("0ms", "1s");
    await bot.repeat({ name: "say, and hear it", every: "1s" }, async (turn) => {
      const text = `hello for the ${turn}th time`;
      room.say({ text });
      await said.next({ where: (message) => message.name === name && message.text === text });
    });
    await room.leave();
  },
});
