import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponse_FileSchema,
  CodeGeneratorResponseSchema,
  Edition,
} from "@bufbuild/protobuf/wkt";
import { faultMessage, faultStack, GeneratorError } from "./error.js";
import { fileErrorText } from "./file-fault.js";
import { generate } from "./generate.js";
import { emptyLock, formatRoutesLock, parseRoutesLock, type RoutesLock } from "./model/routes-lock.js";
import { tidyPath } from "./read/config.js";
import { findLeftOut } from "./read/left-out.js";
import { choose, type OptionValues } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";
import { parsePluginParameter } from "./read/plugin-parameter.js";
import { readTemplates } from "./read/templates.js";
import { readIfThere } from "./write/output.js";
import { refuseReadOnly, writeWholeFile } from "./write/whole-file.js";

/** A plugin is not told where the .proto files lie; this is where `nanowire generate` keeps the lock when nothing is said. */
const defaultLock = "proto/routes.lock.json";

const startedBy = "protoc-gen-nanowire is started by protoc or buf; `nanowire generate` needs neither";

/**
 * Answers one request of protoc or buf: the same files as `nanowire generate` writes, byte for byte.
 *
 * A plugin returns files and keeps nothing, but codes must be kept: the lock is read, and written when there are new routes.
 *
 * @param request a google.protobuf.compiler.CodeGeneratorRequest
 * @param directory the working directory: the lock's path is relative to it
 * @returns a google.protobuf.compiler.CodeGeneratorResponse, which holds the error when the files cannot be generated: whatever
 *   goes wrong is told so, for what a plugin throws protoc and buf show as a stack
 */
export function answerPluginRequest(request: Uint8Array, directory: string): Uint8Array {
  const response = answer(request, directory);
  return toBinary(CodeGeneratorResponseSchema, response);
}

function answer(bytes: Uint8Array, directory: string): CodeGeneratorResponse {
  const features = CodeGeneratorResponse_Feature.PROTO3_OPTIONAL | CodeGeneratorResponse_Feature.SUPPORTS_EDITIONS;
  const response = create(CodeGeneratorResponseSchema, {
    supportedFeatures: BigInt(features),
    minimumEdition: Edition.EDITION_PROTO2,
    maximumEdition: Edition.EDITION_2024,
  });
  try {
    const files = generateRequested(readRequest(bytes), directory);
    const names = [...files.keys()].sort();
    response.file = names.map((name) =>
      create(CodeGeneratorResponse_FileSchema, { name, content: files.get(name) ?? "" }),
    );
  } catch (error) {
    response.error = errorText(error, directory);
  }
  return response;
}

/** @throws GeneratorError when the bytes are no request, or one without a file or with a file that it does not hold */
function readRequest(bytes: Uint8Array): CodeGeneratorRequest {
  let request: CodeGeneratorRequest;
  try {
    request = fromBinary(CodeGeneratorRequestSchema, bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw GeneratorError.of(`what came on standard input is not a CodeGeneratorRequest (${why}): ${startedBy}`);
  }
  if (request.fileToGenerate.length === 0) {
    throw GeneratorError.of(`the request names no file to generate: ${startedBy}`);
  }
  const held = new Set(request.protoFile.map(({ name }) => name));
  const missing = request.fileToGenerate.filter((name) => !held.has(name));
  if (missing.length > 0) {
    throw GeneratorError.of(`the request asks for ${missing.join(", ")}, and does not hold it: ${startedBy}`);
  }
  return request;
}

function errorText(error: unknown, directory: string): string {
  return error instanceof GeneratorError
    ? error.message
    : (fileErrorText(error, directory) ??
        faultMessage(error, readOwnPackage().version) + faultStack(error, process.env));
}

function generateRequested(request: CodeGeneratorRequest, directory: string): ReadonlyMap<string, string> {
  const parameter = parsePluginParameter(request.parameter);
  const lockFile = tidyPath(directory, parameter.lock ?? defaultLock);
  const lockText = readIfThere(directory, lockFile);
  if (lockText === undefined) {
    checkLeftOut(directory, request.fileToGenerate, lockFile, parameter);
  }
  const lock = lockText === undefined ? emptyLock : parseRoutesLock(lockText, lockFile);
  const templatesFolder = parameter.templates === undefined ? undefined : tidyPath(directory, parameter.templates);
  const own = readOwnPackage();
  const [requireTsProto, requireHandlebars] = findPeers(own, directory, ["ts-proto", "handlebars"]);
  const generated = generate({
    compiled: request.protoFile,
    own: new Map(request.fileToGenerate.map((name) => [name, name])),
    lock,
    lockFile,
    choices: choose(parameter),
    templates: readTemplates(own, { directory, folder: templatesFolder }),
    requireTsProto,
    requireHandlebars,
  });
  checkRemoved(lock, generated.lock, lockFile, parameter);
  const newLockText = formatRoutesLock(generated.lock);
  if (newLockText !== lockText) {
    refuseReadOnly(directory, [lockFile]);
    writeWholeFile(directory, lockFile, newLockText);
  }
  return generated.files;
}

const wantsAll =
  "The dictionary is made of all files at once: write `strategy: all` in buf.gen.yaml, or give protoc all files in one call";

/**
 * A plugin sees what it is given, which may be a part of the project: buf calls it once a folder unless told otherwise. A
 * route that is missing may be in another part, so it is marked as removed only when that is said.
 */
function checkRemoved(before: RoutesLock, after: RoutesLock, lockFile: string, parameter: OptionValues): void {
  const missing = [...before.routes.keys()].filter((route) => !after.routes.has(route)).sort();
  if (missing.length > 0 && parameter.removed !== true) {
    throw GeneratorError.of(
      `${lockFile} knows routes that are not in the given files: ${missing.join(", ")}. ${wantsAll}. ` +
        "If the routes are removed, run `nanowire generate`, or pass the parameter removed=true once",
    );
  }
}

/**
 * Without a lock nothing says what is missing: a first run that is given one folder would keep a lock of that folder. So the files that
 * lie beside the given ones are looked at.
 */
function checkLeftOut(directory: string, given: readonly string[], lockFile: string, parameter: OptionValues): void {
  const lockFolder = lockFile.includes("/") ? lockFile.slice(0, lockFile.lastIndexOf("/")) : ".";
  const leftOut = parameter.removed === true ? [] : findLeftOut(directory, [lockFolder, "proto"], given);
  if (leftOut.length > 0) {
    throw GeneratorError.of(
      `${lockFile} is not there yet, and services are in files that are not given: ${leftOut.join(", ")}. ${wantsAll}. ` +
        "If these are all, pass the parameter removed=true once",
    );
  }
}
