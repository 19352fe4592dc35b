// `nanowire/studio`: a page that shows what goes on in a server, and the door behind it, for curl and scripts.

export type {
  ErrorAnswer,
  FeedAlive,
  FeedLine,
  FeedLost,
  FeedMessage,
  FeedSession,
  FeedStart,
  GroupEntry,
  MetricEntry,
  MetricsAnswer,
  NodeEntry,
  Page,
  RouteEntry,
  ServerAnswer,
  SessionEntry,
} from "./answers.js";
export { type RunStudioOptions, runStudio } from "./run-studio.js";
export { type Studio, studio } from "./studio.js";
export type { StudioOptions } from "./studio-options.js";
