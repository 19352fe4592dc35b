// `nanowire/bots`: users who are none, for load and for tests.

export type { Clock } from "../base/clock.js";
export type { Bot, BotConnectOptions, PushedTo, PushMethod, RepeatOptions } from "./bot.js";
export type { BotsOptions } from "./bots-options.js";
export type { Duration } from "./duration.js";
export type { Latency } from "./latency.js";
export type { BotsProgress } from "./progress.js";
export type { ListenOptions, NextOptions, Pushes } from "./pushes.js";
export type { BotsReport, ReportRow, ReportTotal, TimelineEntry, Verdict } from "./report.js";
export { reportHtml } from "./report-html.js";
export { reportText } from "./report-text.js";
export { runBots } from "./run-bots.js";
export { type BotsProcess, type BotsProgramOptions, runBotsProgram } from "./run-bots-program.js";
export { defineScenario, type Scenario } from "./scenario.js";
export type { Failure, RowKind } from "./tally.js";
