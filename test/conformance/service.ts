import { SayRequest } from "../../generated/chat/v1/room.js";
import { SayRequest as SayRequestJson } from "../../generated/chat/v1/room.json.js";
import { NanowireError } from "../../runtime/base/error.js";
import type { Component } from "../../runtime/component/component.js";
import { type AnyMethod, defineMethod } from "../../runtime/component/service.js";
import { emptyMessage, type MessageCodec } from "../../runtime/protocol/codec.js";
import type { PushDefinition } from "../../runtime/session/push.js";
import type { Session } from "../../runtime/session/session.js";
import { TestComponent } from "../support/service.js";

/** A message `{ string text = 1; }`. */
const said: MessageCodec<SayRequest> = { protobuf: SayRequest, json: SayRequestJson };

const dictionary = {
  version: "v1",
  routes: {
    "Echo.Say": 1,
    "Echo.Fail": 2,
    "Echo.Ack": 3,
    "Echo.Tell": 4,
    "Echo.TellOther": 5,
    "Echo.Leave": 6,
    "Events.Told": 0x0102,
  },
};

const told: PushDefinition<SayRequest> = { route: "Events.Told", code: 0x0102, message: said };

/** A push of a tree that was generated apart, and of which this server has no component. Its code is another's here. */
const toldByOthers: PushDefinition<SayRequest> = { route: "Other.Told", code: 1, message: said };

/** What the conversations are held with. */
export function echoComponent(): Component {
  const methods = [
    request("Say", said, (_session, message) => message),
    request("Fail", said, () => {
      throw new NanowireError("room_full", "full", { details: { limit: "8" } });
    }),
    request("Ack", emptyMessage, () => undefined),
    notify("Tell", (session, message) => session.push(told, message)),
    notify("TellOther", (session, message) => session.push(toldByOthers, message)),
    notify("Leave", (session) => session.kick("bye")),
  ];
  return new TestComponent("Echo", methods, dictionary);
}

function request<Res>(
  name: string,
  response: MessageCodec<Res>,
  handle: (session: Session, message: SayRequest) => Res,
): AnyMethod<TestComponent> {
  return method(name, "request", response, handle);
}

function notify(name: string, handle: (session: Session, message: SayRequest) => void): AnyMethod<TestComponent> {
  return method(name, "notify", emptyMessage, handle);
}

function method<Res>(
  name: string,
  kind: "request" | "notify",
  response: MessageCodec<Res>,
  handle: (session: Session, message: SayRequest) => Res,
): AnyMethod<TestComponent> {
  const route = `Echo.${name}` as keyof typeof dictionary.routes;
  return defineMethod<TestComponent, SayRequest, Res>({
    name,
    route,
    code: dictionary.routes[route],
    kind,
    request: said,
    response,
    invoke: (_component, session, message) => handle(session, message),
  });
}
