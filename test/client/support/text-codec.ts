import type { ClientMethod, ClientPush } from "../../../runtime/client/method.js";
import { emptyMessage, type ProtobufCodec } from "../../../runtime/protocol/codec.js";

/** A message that is a text, in the place of protobuf: a payload can be read in a test. The payload `!` is no message. */
export const text: ProtobufCodec<string> & { decoded: number } = {
  decoded: 0,
  encode(message) {
    if (message === "!") {
      throw new TypeError("! is no message");
    }
    return { finish: () => new TextEncoder().encode(message) };
  },
  decode(input) {
    this.decoded++;
    const message = new TextDecoder().decode(input);
    if (message === "!") {
      throw new RangeError("! is no message");
    }
    return message;
  },
};

/** A request, 9 bytes of route. */
export const join: ClientMethod<string, string> = { route: "Room.Join", code: 1, request: text, response: text };

/** A request that is acknowledged. */
export const leave: ClientMethod<void, void> = {
  route: "Room.Leave",
  code: 2,
  request: emptyMessage.protobuf,
  response: emptyMessage.protobuf,
};

/** A notify. */
export const say: ClientMethod<string, void> = {
  route: "Room.Say",
  code: 3,
  request: text,
  response: emptyMessage.protobuf,
};

/** A push. */
export const said: ClientPush<string> = { route: "RoomEvents.Said", code: 6, message: text };

/** Another. */
export const left: ClientPush<string> = { route: "RoomEvents.Left", code: 5, message: text };
