import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { readPort } from "./flag-values.js";
import { readModel } from "./generate.js";
import { buildDissector } from "./model/dissector.js";
import { dissectorMark, printDissector } from "./print/dissector.js";
import type { HandlebarsModule } from "./print/template-compiler.js";
import { compileProject } from "./project.js";
import { helpOnFlags, parseFlags } from "./read/arguments.js";
import { readSettings, tidyPath } from "./read/config.js";
import { dissectorTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";
import { readDissectorTemplate } from "./read/templates.js";
import { planMarkedFiles, writeMarkedFiles } from "./write/marked-files.js";

const defaultFile = "nanowire.lua";

const help = (): string => `nanowire dissector [flags]

Writes a dissector for Wireshark, in Lua, which names the routes, messages and fields of your .proto files: copy it to Wireshark's folder of Lua plugins, or
try it, tshark -X lua_script:${defaultFile} -r game.pcap -O nanowire. docs/capture.md tells more.

Flags:
${helpOnFlags(dissectorTable)}

Run nanowire generate first: the dissector knows the codes that the lock keeps.`;

/** `nanowire dissector`: writes the dissector, or with --check tells whether it is stale. */
export async function runDissectorCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { directory, print, printError } = context;
  const {
    out = defaultFile,
    port = [],
    check,
    help: asksForHelp,
    ...flags
  } = parseFlags(args, "dissector", dissectorTable);
  if (asksForHelp === true) {
    print(help());
    return 0;
  }
  const ports = port.map((text) => readPort("--port", text));
  const own = readOwnPackage();
  const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, directory, [
    "@bufbuild/buf",
    "ts-proto",
    "handlebars",
  ]);
  const project = await compileProject(directory, readSettings(directory, flags), own, { requireBuf, requireTsProto });
  const { model, descriptors } = readModel(project);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...descriptors] }));
  const dissector = buildDissector(model.protocol, registry, ports);
  if (dissector.routes.length === 0) {
    throw GeneratorError.of("no service of the .proto files has a route that clients use: there is nothing to dissect");
  }
  const handlebars: HandlebarsModule = requireHandlebars("handlebars");
  const file = {
    path: tidyPath(directory, out),
    text: printDissector(handlebars, readDissectorTemplate(own), dissector),
    mark: dissectorMark,
  };
  const plan = planMarkedFiles(directory, [file], "name another file with --out FILE");
  if (check !== true) {
    writeMarkedFiles(directory, plan);
    print(`${file.path}: ${plan.changed.length === 0 ? "unchanged" : "written"}`);
    return 0;
  }
  if (plan.changed.length > 0) {
    printError(`${file.path} is stale: run nanowire dissector, and commit what it writes`);
    return 1;
  }
  print(`${file.path} is up to date`);
  return 0;
}
