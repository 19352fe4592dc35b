#!/usr/bin/env node
import { answerPluginRequest } from "./plugin-request.js";
import { readOwnPackage } from "./read/package-root.js";

const usage = `protoc-gen-nanowire is a plugin: protoc or buf starts it, and speaks to it on its standard input.
  protoc -I proto --plugin=protoc-gen-nanowire=node_modules/.bin/protoc-gen-nanowire --nanowire_out=generated FILES
Without either, nanowire generate makes the same files.
`;

const [argument] = process.argv.slice(2);
if (argument === "--version") {
  process.stdout.write(`${readOwnPackage().version}\n`);
} else if (argument !== undefined || process.stdin.isTTY) {
  const isHelp = argument === "--help" || argument === "-h";
  (isHelp ? process.stdout : process.stderr).write(usage);
  process.exitCode = isHelp ? 0 : 1;
} else {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
  }
  process.stdout.write(answerPluginRequest(Buffer.concat(chunks), process.cwd()));
}
