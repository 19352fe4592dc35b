#!/usr/bin/env node
import { answerPluginRequest } from "./plugin-request.js";

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
process.stdout.write(answerPluginRequest(Buffer.concat(chunks), process.cwd()));
