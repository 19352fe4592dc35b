import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { PackedSourceInfo } from "../model/source-locations.js";

/** Field numbers of descriptor.proto. */
const inSet = { file: 1 } as const;
const inFile = { sourceCodeInfo: 9 } as const;

/**
 * Decodes the files of a google.protobuf.FileDescriptorSet, all but their source information, which is decoded where it is
 * wanted.
 *
 * @throws Error when the bytes are none
 */
export function decodeDescriptorSet(set: Uint8Array): FileDescriptorProto[] {
  return take(set, inSet.file).taken.map(decodeFile);
}

function decodeFile(bytes: Uint8Array): FileDescriptorProto {
  const { taken, rest } = take(bytes, inFile.sourceCodeInfo);
  const file = fromBinary(FileDescriptorProtoSchema, join(rest));
  if (taken.length > 0) {
    // Of a message that is written in several pieces each adds to those before it.
    file.sourceCodeInfo = new PackedSourceInfo(join(taken));
  }
  return file;
}

/** Takes the values of a field out of a message. Nothing is copied. */
function take(
  message: Uint8Array,
  field: number,
): { readonly taken: readonly Uint8Array[]; readonly rest: readonly Uint8Array[] } {
  const taken: Uint8Array[] = [];
  const rest: Uint8Array[] = [];
  const reader = new BinaryReader(message);
  let restStart = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    if (number === field && wireType === WireType.LengthDelimited) {
      rest.push(message.subarray(restStart, start));
      taken.push(reader.bytes());
      restStart = reader.pos;
    } else {
      reader.skip(wireType, number);
    }
  }
  rest.push(message.subarray(restStart));
  return { taken, rest };
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(), ...others] = pieces;
  return others.length === 0 ? first : Buffer.concat(pieces);
}
