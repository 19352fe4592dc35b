// `nanowire/client`: how to connect, in a browser and in Node.

// This is Node's; browser.ts exports the same names.

export type { CancelTimer, Clock } from "../base/clock.js";
export {
  type ErrorCode,
  type ErrorScope,
  errorCodes,
  NanowireError,
  type NanowireErrorOptions,
} from "../base/error.js";
export { consoleLogger, type Logger, silentLogger } from "../base/logger.js";
export { emptyCodec, emptyMessage, type JsonCodec, type MessageCodec, type ProtobufCodec } from "../protocol/codec.js";
export type { RouteDictionary } from "../protocol/dictionary.js";
export {
  jsonOf,
  jsonSerializer,
  protobufSerializer,
  type Serializer,
  type SerializerName,
} from "../protocol/serializer.js";
export type { ClientReceiver, ClientSocket, Dial } from "../transport/client-socket.js";
export type { ClientConnection, ConnectionStatus, DrainNotice, ServerHandshake } from "./client-connection.js";
export { type ClientSerializer, type CodecModules, clientSerializer } from "./client-serializer.js";
export { connect } from "./connect-node.js";
export type { ConnectOptions } from "./connect-options.js";
export type { CallOptions, ClientMethod, ClientPush, Unsubscribe } from "./method.js";
export type { OfflineCounts } from "./offline-queue.js";
export type { ReconnectOptions } from "./reconnect-options.js";
export type { Resuming, Resumption } from "./resuming.js";
export { resumption } from "./resumption.js";
export type { RoundTrip } from "./round-trip.js";
