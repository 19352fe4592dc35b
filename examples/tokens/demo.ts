import type { Logger } from "nanowire";
import { type ClientConnection, connect, NanowireError } from "nanowire/client";
import { RoomClient } from "../../generated/chat/v1/room.client.js";
import { dictVersion } from "../../generated/routes.js";
import { expect } from "../expect.js";
import { connectBare } from "./bare-client.js";
import { audience, issuer, makeKeys } from "./keys.js";
import { createGameServer } from "./server.js";
import { signToken } from "./sign-in.js";

// Everybody in one process: who signs tokens, the server, and its clients, good and bad.
const log: string[] = [];
const write = (fields: object, message: string): void => {
  log.push([message, ...Object.values(fields).map(String)].join(" "));
};
const logger: Logger = { debug: write, info: write, warn: write, error: write, isLevelEnabled: () => true };

const [accounts, stranger] = [await makeKeys(), await makeKeys()];
const server = createGameServer({ publicKey: accounts.publicKey, logger });
await server.start();
const url = server.addresses[0]?.url ?? "";
const connections: ClientConnection[] = [];
const wrongSignature = "invalid_token: the token is none, or another key has signed it";
try {
  const token = await signToken(accounts.privateKey, "ada");
  const ada = await enter(token);
  expect("ada shows her token", ada.handshake.user, { subject: "ada" });
  expect("she joins, and names nobody", await new RoomClient(ada).join({ name: "" }), { members: ["ada"] });
  const asEve = async (): Promise<unknown> => new RoomClient(await enter(token)).join({ name: "eve" });
  expect("with the same token she asks to be eve", await refusal(asEve), "not_yours: the token is not eve's");

  const old = await signToken(accounts.privateKey, "ada", { lifeSeconds: -3_600 });
  const chess = await signToken(accounts.privateKey, "ada", { audience: "chess" });
  const forged = await signToken(stranger.privateKey, "ada");
  await expectRefused("no token", undefined, "no_token: the handshake has no token: sign in first");
  await expectRefused("an old one", old, "token_expired: the token has expired: ask for a new one, and connect again");
  await expectRefused("one for chess", chess, "invalid_token: the token's aud is not what it has to be");
  await expectRefused("a stranger's", forged, wrongSignature);
  await expectRefused("ada's, changed to eve's", changed(token, "eve"), wrongSignature);
  await expectRefused("one that nobody signed", unsigned("ada"), wrongSignature);

  // What a session is resumed by is as good as a token, as long as the session lasts: let it travel by wss:// alone.
  const first = await connectBare(url, token);
  const secret = first.answer.sys.resume?.token ?? "";
  first.cut();
  const second = await connectBare(url, undefined, secret);
  const isResumed = second.answer.sys.resume?.received !== undefined;
  expect("a connection breaks; its client comes back without a token", { isResumed }, { isResumed: true });
  await second.leave();
  await sessionsAre(connections.length);
  const third = await connectBare(url, undefined, secret);
  expect("its session is over; the secret is shown once more", third.answer.error, "no_token");

  const secrets = [token, old, chess, forged, secret];
  const told = log.filter((line) => secrets.some((each) => line.includes(each)));
  expect("lines of the log that show a token", [told.length, log.length > 0], [0, true]);
} finally {
  for (const connection of connections) {
    connection.close();
  }
  await server.stop();
}

async function enter(token: string | undefined): Promise<ClientConnection> {
  const connection = await connect(url, { dictVersion, user: { token }, logger });
  connections.push(connection);
  return connection;
}

async function expectRefused(what: string, token: string | undefined, why: string): Promise<void> {
  expect(`a client shows ${what}`, await refusal(() => enter(token)), why);
}

/** What a client is told that is not taken, in its handshake or later. */
async function refusal(task: () => Promise<unknown>): Promise<string> {
  try {
    await task();
    return "taken";
  } catch (error) {
    if (!(error instanceof NanowireError)) {
      throw error;
    }
    const { error: code = error.code, reason = error.message } = error.details;
    return `${code}: ${reason}`;
  }
}

/** Waits until there are so many sessions: what a client says is there a moment later. */
async function sessionsAre(count: number): Promise<void> {
  while (server.counters.sessions !== count) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** A token whose subject was changed, and its signature was not. */
function changed(token: string, subject: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as object;
  return [header, encoded({ ...claims, sub: subject }), signature].join(".");
}

/** A token that says of itself that it needs no signature. */
function unsigned(subject: string): string {
  const claims = { sub: subject, iss: issuer, aud: audience, exp: Math.floor(Date.now() / 1_000) + 60 };
  return [encoded({ alg: "none" }), encoded(claims), ""].join(".");
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
