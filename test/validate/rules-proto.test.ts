import type { DescriptorProto, FieldDescriptorProto } from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate as original } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { describe, expect, test } from "vitest";
import { isInOneof } from "../../generator/model/features.js";
import { compileProtoFiles } from "../../generator/read/buf.js";
import { decodeDescriptorSet } from "../../generator/read/descriptor-set.js";
import { readOwnOptions, readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";
import { type RulesProto, rulesFileName, rulesProtoFrom } from "../../generator/read/rules-proto.js";

const own = readOwnPackage();
const [requireBuf] = findPeers(own, own.root, ["@bufbuild/buf"]);

function compile(text: string, rules?: RulesProto) {
  const files = [{ name: "a.proto", path: "protos/a.proto", bytes: new TextEncoder().encode(text) }];
  return compileProtoFiles(findBufBinary(requireBuf), files, readOwnOptions(own), rules === undefined ? {} : { rules });
}

const user = `syntax = "proto3";
// A comment comes first.
import "${rulesFileName}";
message A { string b = 1 [(buf.validate.field).string.min_len = 1]; }
`;

/** What matters of a field to those who set it as an option. */
const shapeOf = (field: FieldDescriptorProto): unknown => [
  ...[field.name, field.number, field.type, field.label, field.typeName, field.extendee],
  isInOneof(field) ? field.oneofIndex : undefined,
];

const shapeOfMessage = (message: DescriptorProto): unknown => ({
  name: message.name,
  fields: message.field.map(shapeOf).sort((a, b) => String(a).localeCompare(String(b))),
  oneofs: message.oneofDecl.map(({ name }) => name),
  extensions: message.extensionRange.map(({ start, end }) => [start, end]),
  nested: message.nestedType.map(shapeOfMessage),
});

describe("protovalidate's file", () => {
  test("is made of the package's own descriptor, and declares the same", async () => {
    // protobuf has two kinds of quotes.
    const quoted = user.replaceAll(`"${rulesFileName}"`, `'${rulesFileName}'`);
    const compiled = decodeDescriptorSet(await compile(quoted, rulesProtoFrom(own, own.root)));
    const made = compiled.find(({ name }) => name === rulesFileName);
    expect(made?.messageType.map(shapeOfMessage)).toEqual(original.proto.messageType.map(shapeOfMessage));
    expect(made?.extension.map(shapeOf)).toEqual(original.proto.extension.map(shapeOf));
    expect(made?.enumType.map(({ name, value }) => [name, value.map((item) => [item.name, item.number])])).toEqual(
      original.proto.enumType.map(({ name, value }) => [name, value.map((item) => [item.name, item.number])]),
    );
    expect(original.proto.messageType.length).toBeGreaterThan(20);
  });

  test("is not asked for where nobody imports it, and missed with advice where its package is not installed", async () => {
    const never = (): undefined => expect.fail("nobody imports it");
    await compile('syntax = "proto3";\nmessage A { string b = 1; }\n', never);
    const missing = expect.objectContaining({
      message: `${rulesFileName} is not there: it comes with protovalidate's package, so install that with \`npm install @bufbuild/protovalidate\``,
      place: { file: "protos/a.proto", line: 3, column: 1 },
    });
    for (const rules of [undefined, () => undefined]) {
      const failed = await compile(user, rules).catch((error: unknown) => error);
      expect(failed).toMatchObject({ problems: expect.arrayContaining([missing]) });
    }
  });

  test("is looked for beside nanowire, and from the working directory", () => {
    expect(rulesProtoFrom(own, "/nowhere")()?.length).toBeGreaterThan(5_000);
    expect(rulesProtoFrom({ ...own, root: "/nowhere" }, own.root)()?.length).toBeGreaterThan(5_000);
    expect(rulesProtoFrom({ ...own, root: "/nowhere" }, "/nowhere/else")()).toBeUndefined();
  });
});
