import { create, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { ProtocolBook } from "../../../runtime/repl/protocol-book.js";

const card = { type: Type.MESSAGE, typeName: ".arena.v1.Card" };
const colour = { type: Type.ENUM, typeName: ".arena.v1.Colour" };
const one = Label.OPTIONAL;
const many = Label.REPEATED;

/**
 *     enum Colour { NONE = 0; RED = 1; BLUE = 2; }
 *     message Card { int32 number = 1; Colour colour = 2; bool is_open = 3; Card under = 4; }
 *     message PlayRequest {
 *       string name = 1;
 *       repeated Card cards = 2;
 *       map<string, Card> hands = 3;
 *       repeated Colour colours = 4;
 *       int64 at_ms = 5;
 *       string password = 6 [debug_redact = true];
 *     }
 *     message PlayResponse { int32 count = 1; Card top = 2; }
 */
const file = create(FileDescriptorProtoSchema, {
  name: "arena/v1/arena.proto",
  package: "arena.v1",
  syntax: "proto3",
  enumType: [
    {
      name: "Colour",
      value: [
        { name: "NONE", number: 0 },
        { name: "RED", number: 1 },
        { name: "BLUE", number: 2 },
      ],
    },
  ],
  messageType: [
    {
      name: "Card",
      field: [
        { name: "number", number: 1, type: Type.INT32, label: one, jsonName: "number" },
        { name: "colour", number: 2, label: one, jsonName: "colour", ...colour },
        { name: "is_open", number: 3, type: Type.BOOL, label: one, jsonName: "isOpen" },
        { name: "under", number: 4, label: one, jsonName: "under", ...card },
      ],
    },
    {
      name: "PlayRequest",
      field: [
        { name: "name", number: 1, type: Type.STRING, label: one, jsonName: "name" },
        { name: "cards", number: 2, label: many, jsonName: "cards", ...card },
        {
          name: "hands",
          number: 3,
          label: many,
          jsonName: "hands",
          type: Type.MESSAGE,
          typeName: ".arena.v1.PlayRequest.HandsEntry",
        },
        { name: "colours", number: 4, label: many, jsonName: "colours", ...colour },
        { name: "at_ms", number: 5, type: Type.INT64, label: one, jsonName: "atMs" },
        {
          name: "password",
          number: 6,
          type: Type.STRING,
          label: one,
          jsonName: "password",
          options: { debugRedact: true },
        },
      ],
      nestedType: [
        {
          name: "HandsEntry",
          options: { mapEntry: true },
          field: [
            { name: "key", number: 1, type: Type.STRING, label: one, jsonName: "key" },
            { name: "value", number: 2, label: one, jsonName: "value", ...card },
          ],
        },
      ],
    },
    {
      name: "PlayResponse",
      field: [
        { name: "count", number: 1, type: Type.INT32, label: one, jsonName: "count" },
        { name: "top", number: 2, label: one, jsonName: "top", ...card },
      ],
    },
  ],
});

/** A FileDescriptorSet, as buf and protoc write one. */
export const arenaSet = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] }));

/** A game's types, and three routes. */
export function arenaBook(): ProtocolBook {
  const book = ProtocolBook.read(arenaSet);
  book.declare("Arena.Play", "request", "arena.v1.PlayRequest", "arena.v1.PlayResponse");
  book.declare("Arena.Leave", "notify", "google.protobuf.Empty", "google.protobuf.Empty");
  book.declare("ArenaEvents.Played", "push", "arena.v1.Card", "google.protobuf.Empty");
  return book;
}
