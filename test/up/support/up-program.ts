// `nanowire up` as a process of its own, with the configuration as its argument.

import { runUp } from "../../../runtime/up/run-up.js";

process.exitCode = await runUp(JSON.parse(process.argv[2] ?? ""));
