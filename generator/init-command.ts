import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { helpOnFlags, OneArgument, parseFlags } from "./read/arguments.js";
import { initTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { generatorPeers } from "./read/peers.js";
import { readProjectTemplate } from "./read/templates.js";
import { isPackageName, newProjectFiles, packageName } from "./scaffold/new-project.js";
import { checkFolder, folderName, isThere, packageSpecifier } from "./scaffold/target.js";
import { createUserFile } from "./write/user-file.js";

const help = (): string => `nanowire init [DIR] [flags]

Makes a project that runs, in DIR or else in the working directory: a service in a .proto file, a server, a client and a test.
Nothing is overwritten.

Flags:
${helpOnFlags(initTable)}`;

/** `nanowire init`: gives a folder a project that runs after `npm install && npm start`. */
export async function runInit(args: readonly string[], context: CommandContext): Promise<number> {
  const argument = new OneArgument();
  const flags = parseFlags(args, "init", initTable, argument.take);
  if (flags.help === true) {
    context.print(help());
    return 0;
  }
  const { directory, print } = context;
  const folder = argument.value ?? ".";
  const name = flags.name ?? packageName(folderName(directory, folder));
  if (!isPackageName(name)) {
    throw GeneratorError.of(
      `--name ${name} cannot be the name of a package: write lower-case letters, digits, dots and dashes, as in my-game or @team/my-game`,
    );
  }
  checkFolder(directory, folder);
  const own = readOwnPackage();
  const nanowire = packageSpecifier(directory, folder, flags.nanowire ?? `^${own.version}`);
  const peers = Object.fromEntries(generatorPeers.map((peer) => [peer, own.peerDependencies[peer] ?? "*"]));
  const files = newProjectFiles({ name, nanowire, peers }, (template) => readProjectTemplate(own, template));
  const paths = [...files.keys()]
    .sort()
    .map((path) => (folder === "." ? path : `${folder.replace(/\/+$/, "")}/${path}`));
  const inTheWay = paths.filter((path) => isThere(directory, path));
  if (inTheWay.length > 0) {
    throw new GeneratorError(
      inTheWay.map((path) => ({ message: `${path} is there already: move it away, or name another folder` })),
    );
  }
  for (const [index, path] of [...files.keys()].sort().entries()) {
    createUserFile(directory, paths[index] ?? path, files.get(path) ?? "");
    print(`wrote ${paths[index]}`);
  }
  print("");
  print(`Now:${folder === "." ? "" : ` cd ${folder} &&`} npm install && npm start`);
  return 0;
}
