// Ours (generator/generate.ts): descriptors that name a type which is not among them, made by hand or cut, were told as a fault of nanowire's, with a request to report it.
// Found by fuzzing.

import { create } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { GeneratorError } from "../../generator/error.js";
import { generate } from "../../generator/generate.js";
import { defaultChoices } from "../../generator/model/choices.js";
import { emptyLock } from "../../generator/model/routes-lock.js";
import { readOwnPackage } from "../../generator/read/package-root.js";
import { findPeers } from "../../generator/read/peers.js";
import { readTemplates } from "../../generator/read/templates.js";

test("descriptors that do not fit together are told so", () => {
  const field = { name: "a", number: 1, type: FieldDescriptorProto_Type.MESSAGE, typeName: ".game.v1.Lost" };
  const file = create(FileDescriptorProtoSchema, {
    name: "game/v1/game.proto",
    package: "game.v1",
    syntax: "proto3",
    messageType: [{ name: "Found", field: [field] }],
  });
  const own = readOwnPackage();
  const [requireTsProto, requireHandlebars] = findPeers(own, own.root, ["ts-proto", "handlebars"]);
  const read = (): unknown =>
    generate({
      compiled: [file],
      own: new Map([[file.name, file.name]]),
      lock: emptyLock,
      lockFile: "proto/routes.lock.json",
      choices: defaultChoices,
      templates: readTemplates(own, { directory: own.root, folder: undefined }),
      requireTsProto,
      requireHandlebars,
    });
  expect(read).toThrow(GeneratorError);
  expect(read).toThrow(
    /the compiled files do not fit together \(.*game\.v1\.Lost.*\): have them made by buf or protoc/,
  );
});
