import { spawn } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { GeneratorError, type Place, type Problem } from "../error.js";
import { CompileHints } from "./compile-hints.js";
import { optionsFileName, type ProtoFile } from "./proto-files.js";
import { type RulesProto, rulesEntry, rulesFileName } from "./rules-proto.js";
import { packTar, type TarEntry } from "./tar.js";
import { findUnfinishedString } from "./unfinished-string.js";

/** The user's files and nanowire's own, in two folders of one archive: buf knows each as a module, and imports work across. */
const userModule = "proto";
const ownModule = "nanowire";
const bufYaml = `version: v2\nmodules:\n  - path: ${userModule}\n  - path: ${ownModule}\n`;

/** What else {@link compileProtoFiles} may be given. */
export interface CompileOptions {
  /** Makes protovalidate's file, where one of the user's imports it. Default: it is not to be had */
  readonly rules?: RulesProto;
  /** Called once buf has the files, and works on them in a process of its own: time to load what comes next */
  readonly meanwhile?: () => void;
}

/**
 * Compiles .proto files with buf's native binary. Nothing is written to disk: the files go in as an archive on its
 * standard input, so it does not matter where they lie.
 *
 * @param bufBinary the path of the binary
 * @param files the user's files; a copy of nanowire/options.proto among them is replaced by the package's own
 * @param optionsProto the package's own nanowire/options.proto
 * @returns a google.protobuf.FileDescriptorSet with source information and every imported file, imports first
 * @throws GeneratorError with every error that the compiler found, at the user's own paths
 */
export async function compileProtoFiles(
  bufBinary: string,
  files: readonly ProtoFile[],
  optionsProto: Uint8Array,
  { rules, meanwhile }: CompileOptions = {},
): Promise<Uint8Array> {
  const entries: TarEntry[] = [
    { name: "buf.yaml", bytes: new TextEncoder().encode(bufYaml) },
    { name: `${ownModule}/${optionsFileName}`, bytes: optionsProto },
  ];
  entries.push(...rulesEntry(files, `${ownModule}/`, rules));
  for (const file of files) {
    if (file.name !== optionsFileName) {
      entries.push({ name: `${userModule}/${file.name}`, bytes: file.bytes });
    }
  }
  const archive = packTar(entries);
  const result = await runBuf(bufBinary, buildArguments, archive, meanwhile);
  if (result.exitCode !== 0) {
    if (panic(result) !== undefined) {
      throw await panicError(bufBinary, archive, result, files);
    }
    throw compileError(result.stderr, files, optionsProto);
  }
  return result.stdout;
}

const buildArguments = [
  "build",
  "-#format=tar",
  "--as-file-descriptor-set",
  "-o",
  "-",
  "--error-format",
  "json",
] as const;

/** What a compiler that fell over says first; the rest is the stack of its own program. */
function panic(result: BufResult): string | undefined {
  return /panicked: ([^\n]*)|^panic: ([^\n]*)/m
    .exec(result.stderr)
    ?.slice(1)
    .find((text) => text !== undefined);
}

/** A compiler that fell over does not say where. The file is found by giving it fewer and fewer to compile. */
async function panicError(
  bufBinary: string,
  archive: Uint8Array,
  result: BufResult,
  files: readonly ProtoFile[],
): Promise<GeneratorError> {
  let suspects = files.filter(({ name }) => name !== optionsFileName);
  while (suspects.length > 1) {
    const half = suspects.slice(0, suspects.length >> 1);
    const paths = half.flatMap(({ name }) => ["--path", `${userModule}/${name}`]);
    suspects =
      panic(await runBuf(bufBinary, [...buildArguments, ...paths], archive)) === undefined
        ? suspects.slice(half.length)
        : half;
  }
  const [file] = suspects;
  const message = `buf, which compiles the .proto files, fell over something here (${panic(result)}): most often a string lacks its closing quote`;
  if (file === undefined) {
    return GeneratorError.of(message);
  }
  const place = { file: file.path, ...findUnfinishedString(new TextDecoder().decode(file.bytes)) };
  return new GeneratorError([{ message, place }]);
}

/** How a run of buf ended. */
export interface BufResult {
  readonly exitCode: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/**
 * Runs buf with an archive on its standard input.
 *
 * @param meanwhile called once buf has it
 */
export function runBuf(
  bufBinary: string,
  args: readonly string[],
  archive: Uint8Array,
  meanwhile?: () => void,
): Promise<BufResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(bufBinary, args, { env: bufEnvironment(), stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A buf that stops before it has read everything closes the pipe; its exit code and stderr tell why.
    child.stdin.on("error", () => {});
    child.on("error", (cause) => {
      reject(GeneratorError.of(`buf could not be started (${bufBinary}): ${cause.message}`));
    });
    child.on("close", (exitCode) => {
      resolve({ exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString("utf8") });
    });
    child.stdin.end(archive, (error?: Error | null) => {
      try {
        if (!error) {
          meanwhile?.();
        }
      } catch (failure) {
        reject(failure);
      }
    });
  });
}

/** buf wants a folder for its cache even when it puts nothing there; a container may have no home, or one that nobody may write. */
export function bufEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { BUF_CACHE_DIR, XDG_CACHE_HOME, HOME, LocalAppData } = environment;
  const home = [BUF_CACHE_DIR, XDG_CACHE_HOME, HOME && join(HOME, ".cache"), LocalAppData].find(
    (value) => value !== undefined && value !== "",
  );
  return home !== undefined && canBeMade(home)
    ? environment
    : { ...environment, BUF_CACHE_DIR: join(tmpdir(), `nanowire-buf-cache-${process.getuid?.() ?? 0}`) };
}

/** Whether a folder can be written, or made where it is not there. */
function canBeMade(folder: string): boolean {
  const there = existsSync(folder);
  if (!there && dirname(folder) !== folder) {
    return canBeMade(dirname(folder));
  }
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function compileError(stderr: string, files: readonly ProtoFile[], optionsProto: Uint8Array): GeneratorError {
  const hints = new CompileHints(files, optionsProto);
  const paths = new Map(files.map((file) => [`${userModule}/${file.name}`, file.path]));
  const problems: Problem[] = [];
  const rest: string[] = [];
  for (const line of stderr.split("\n")) {
    const problem = parseAnnotation(line, paths);
    if (problem !== undefined) {
      const { message, place } = problem;
      if (place === undefined) {
        problems.push({ message });
      } else {
        const told = wantsRules(message, place, files) ? rulesAdvice : message + hints.of(message, place);
        problems.push({ message: told, place });
      }
    } else if (line.trim() !== "") {
      rest.push(line.trim());
    }
  }
  if (problems.length === 0) {
    problems.push({ message: `buf could not compile the .proto files: ${rest.join(" ") || "it said nothing"}` });
  }
  return new GeneratorError(problems);
}

const rulesAdvice = `${rulesFileName} is not there: it comes with protovalidate's package, so install that with \`npm install @bufbuild/protovalidate\``;

/** Whether an import is missing, and it is protovalidate's file. */
function wantsRules(message: string, { file: path, line }: Place, files: readonly ProtoFile[]): boolean {
  const file = missingImport.test(message) ? files.find((one) => one.path === path) : undefined;
  const lines = file === undefined ? [] : new TextDecoder().decode(file.bytes).split("\n");
  return lines[line - 1]?.includes(rulesFileName) === true;
}

/** What buf says of a place in the files, and by which of its rules. */
interface Annotation extends Problem {
  readonly rule: string;
}

/** `{"path":"proto/chat/v1/room.proto","start_line":12,"start_column":3,…,"type":"COMPILE","message":"…"}` */
export function parseAnnotation(line: string, paths: ReadonlyMap<string, string>): Annotation | undefined {
  if (!line.startsWith("{")) {
    return undefined;
  }
  let annotation: Partial<Record<"path" | "start_line" | "start_column" | "type" | "message", unknown>>;
  try {
    annotation = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { path, start_line, start_column, type, message } = annotation;
  if (typeof message !== "string") {
    return undefined;
  }
  const text = message + hint(message);
  const rule = typeof type === "string" ? type : "";
  if (typeof path !== "string") {
    return { rule, message: text };
  }
  const place = { file: paths.get(path) ?? path, line: positive(start_line), column: positive(start_column) };
  return { rule, message: text, place };
}

function positive(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 1;
}

const missingImport = /imported file does not exist|^import .* was not found|file does not exist/;

/** What most often helps: a folder that was not given, an import that was forgotten. */
function hint(message: string): string {
  if (missingImport.test(message)) {
    return " (imports are looked for in the folders given with --proto)";
  }
  if (message === "unrecognized `edition` declaration value") {
    return ': write `edition = "2024"` or `edition = "2023"`';
  }
  return "";
}
