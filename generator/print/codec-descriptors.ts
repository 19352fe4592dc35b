import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Field numbers of descriptor.proto. */
const inSet = { file: 1 } as const;
const inFile = { service: 6, sourceCodeInfo: 9 } as const;
const inSourceInfo = { location: 1 } as const;
const inLocation = { path: 1, leadingComments: 3, trailingComments: 4 } as const;

/**
 * Takes out of a compiled set what ts-proto has no use for: services, and every place without a comment, which is nine of ten. Decoding
 * them costs it more than all the rest of the set. Nothing else is touched, and nothing is decoded: pieces of the given bytes are put
 * together again.
 *
 * @param set a google.protobuf.FileDescriptorSet
 */
export function keepForCodecs(set: Uint8Array): Uint8Array {
  return rewrite(set, inSet.file, (file) =>
    rewrite(
      rewrite(file, inFile.service, () => undefined),
      inFile.sourceCodeInfo,
      (info) => rewrite(info, inSourceInfo.location, (location) => (isWanted(location) ? location : undefined)),
    ),
  );
}

/** A message with every value of one of its fields changed, or taken out where `change` returns undefined. */
function rewrite(
  message: Uint8Array,
  field: number,
  change: (value: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  const reader = new BinaryReader(message);
  const pieces: Uint8Array[] = [];
  while (reader.pos < message.length) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    if (number !== field || wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, number);
      pieces.push(message.subarray(start, reader.pos));
      continue;
    }
    const tagEnd = reader.pos;
    const changed = change(reader.bytes());
    if (changed !== undefined) {
      pieces.push(message.subarray(start, tagEnd), varint(changed.length), changed);
    }
  }
  return Buffer.concat(pieces);
}

/** Whether a place has a comment, and is not one of a service. */
function isWanted(location: Uint8Array): boolean {
  const reader = new BinaryReader(location);
  let hasComment = false;
  while (reader.pos < location.length) {
    const [number, wireType] = reader.tag();
    if (number === inLocation.path && wireType === WireType.LengthDelimited) {
      const path = reader.bytes();
      if (path[0] === inFile.service) {
        return false;
      }
      continue;
    }
    hasComment ||= number === inLocation.leadingComments || number === inLocation.trailingComments;
    reader.skip(wireType, number);
  }
  return hasComment;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) {
    bytes.push((rest & 0x7f) | 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
