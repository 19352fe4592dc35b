import type { Model } from "../model/model.js";
import { isAnswered, type ProtocolMethod, type ProtocolService } from "../model/protocol.js";
import { policyTexts } from "./policies.js";

/** The model in some lines for people: services with their methods, then the files that are generated. */
export function printSummary({ protocol, codecs, services, dictionary }: Model): string {
  const outputs = [
    ...codecs.flatMap(({ output, jsonOutput }) => [output, ...(jsonOutput === undefined ? [] : [jsonOutput])]),
    ...services.flatMap(({ serverOutput, clientOutput }) =>
      [serverOutput, clientOutput].filter((output) => output !== undefined),
    ),
    dictionary.output,
  ].sort();
  const routes = dictionary.routes.length;
  return [
    ...protocol.services.flatMap((service) => [...serviceLines(service), ""]),
    `${routes} ${routes === 1 ? "route" : "routes"}, dictionary ${dictionary.version}, codes in ${dictionary.lockFile}`,
    "",
    `${outputs.length} files:`,
    ...outputs.map((output) => `  ${output}`),
  ]
    .map(oneLine)
    .join("\n");
}

function serviceLines(service: ProtocolService): string[] {
  const deprecated = service.deprecated ? ", deprecated" : "";
  const rows = service.methods.map((method) => [
    method.kind,
    String(method.code ?? "-"),
    method.fingerprint ?? "-",
    method.route,
    `${method.request} → ${isAnswered(method) ? method.response : "no answer"}`,
    notes(method),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return [
    `${service.name}  ${service.kind}, ${service.direction}${deprecated}  ${service.place}`,
    ...rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd()),
    ...(rows.length === 0 ? ["  no methods"] : []),
  ];
}

function notes(method: ProtocolMethod): string {
  return [...policyTexts(method), ...(method.deprecated ? ["deprecated"] : [])].join(", ");
}

/** A terminal is not to be told what a name holds. */
function oneLine(line: string): string {
  return line.replace(/\p{Cc}/gu, "�");
}
