import { fileURLToPath } from "node:url";
import type { Command } from "../commands/measured-run.js";
import type { WatchCase } from "../commands/watch-comparison.js";

/** The generator at work beside an editor. */
export const watch: WatchCase = {
  name: "watch",
  kind: "watch",
  summary: "nanowire generate --watch: from the save of a .proto file to the last file written",
  comparisons: [
    {
      name: "small",
      title: "a small tree",
      size: () => ({ services: 5, methods: 2 }),
      command,
    },
    {
      name: "large",
      title: "the tree of a large project",
      size: (large) => large,
      command,
    },
  ],
};

function command(directory: string): Command {
  const cli = fileURLToPath(new URL("../../generator/cli.js", import.meta.url));
  return { program: process.execPath, args: [cli, "generate", "--watch"], directory };
}
