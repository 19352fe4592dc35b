import type { CommandContext } from "./command-context.js";
import { compileProject } from "./project.js";
import { helpOnFlags, parseFlags } from "./read/arguments.js";
import { readSettings } from "./read/config.js";
import { optionTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";
import { readTemplates } from "./read/templates.js";

const help = (): string => `nanowire generate [flags]

Makes message codecs, component stubs, client proxies and the route dictionary of .proto files, and keeps the routes' codes.

Flags:
${helpOnFlags(optionTable)}

nanowire.config.json, or the key "nanowire" of package.json, may say the same: { "proto": ["proto"], "importExtension": "js", "json": true }`;

/** `nanowire generate`: reads, generates, and writes what has changed, or with --check tells what would. */
export async function runGenerate(args: readonly string[], context: CommandContext): Promise<number> {
  const flags = parseFlags(args, "generate", optionTable);
  if (flags.help === true) {
    context.print(help());
    return 0;
  }
  if (flags.watch === true) {
    const { watchProject } = await import("./watch.js");
    return watchProject(flags, context);
  }
  const { directory } = context;
  const settings = readSettings(directory, flags);
  const own = readOwnPackage();
  const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, directory, [
    "@bufbuild/buf",
    "ts-proto",
    "handlebars",
  ]);
  const templates = readTemplates(own, { directory, folder: settings.templatesDirectory });
  const peers = { requireBuf, requireTsProto };
  const compiling = compileProject(directory, settings, own, peers, () => requireHandlebars("handlebars"));
  // What comes afterwards is loaded while buf, a process of its own, compiles.
  const [{ lockText, ...input }, { generate }, { checkGenerated, writeGenerated }] = await Promise.all([
    compiling,
    import("./generate.js"),
    import("./write-generated.js"),
  ]);
  const generated = generate({ ...input, templates, requireHandlebars });
  if (flags.check === true) {
    return checkGenerated(generated, lockText, settings, context);
  }
  writeGenerated(generated, lockText, settings, context);
  return 0;
}
