// `nanowire/statsd`: metrics as statsd, DogStatsD and Telegraf take them, over UDP. It needs the package hot-shots.

export { type StatsdOptions, statsd } from "./statsd.js";
