import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  type FileDescriptorProto,
  type SourceCodeInfo,
  type SourceCodeInfo_Location,
  SourceCodeInfoSchema,
} from "@bufbuild/protobuf/wkt";

/** Where a thing stands in its file, and the comments before and after it. */
export type SourceLocation = Pick<SourceCodeInfo_Location, "path" | "span" | "leadingComments" | "trailingComments">;

/**
 * Whether a location is wanted.
 *
 * @param field the first number of its path: 4 for messages, 6 for services; 0 for the file as a whole
 */
type Wanted = (field: number, hasComment: boolean) => boolean;

/** Tags of google.protobuf.SourceCodeInfo and of its Location: field numbers and wire types. */
const inSourceInfo = { location: tagOf(1) } as const;
const inLocation = {
  path: tagOf(1),
  span: tagOf(2),
  leadingComments: tagOf(3),
  trailingComments: tagOf(4),
  // Nobody writes these, and every reader has to take them.
  pathNumber: tagOf(1, WireType.Varint),
  spanNumber: tagOf(2, WireType.Varint),
} as const;

/** The locations of a file that are wanted, in the order of the descriptor. */
export function sourceLocations({ sourceCodeInfo }: FileDescriptorProto, isWanted: Wanted): readonly SourceLocation[] {
  if (sourceCodeInfo instanceof PackedSourceInfo) {
    return sourceCodeInfo.locations(isWanted);
  }
  return (sourceCodeInfo?.location ?? []).filter(({ path, leadingComments, trailingComments }) =>
    isWanted(path[0] ?? 0, leadingComments !== "" || trailingComments !== ""),
  );
}

/**
 * A google.protobuf.SourceCodeInfo that stays in its bytes, and of which one gets what one asks for. There are a hundred
 * locations a message, of which a run wants five; decoded they are three quarters of what a descriptor holds.
 */
export class PackedSourceInfo implements SourceCodeInfo {
  readonly $typeName = "google.protobuf.SourceCodeInfo";
  readonly #bytes: Uint8Array;
  #location: SourceCodeInfo_Location[] | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** All of them, decoded when somebody asks. */
  get location(): SourceCodeInfo_Location[] {
    this.#location ??= fromBinary(SourceCodeInfoSchema, this.#bytes).location;
    return this.#location;
  }

  /** The locations that are wanted, decoded anew each time. */
  locations(isWanted: Wanted): SourceLocation[] {
    const found: SourceLocation[] = [];
    const reader = new BinaryReader(this.#bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag !== inSourceInfo.location) {
        skip(reader, tag);
        continue;
      }
      const end = reader.uint32() + reader.pos;
      const start = reader.pos;
      const { field, hasComment } = lookAt(reader, end);
      if (isWanted(field, hasComment)) {
        reader.pos = start;
        found.push(readLocation(reader, end));
      }
    }
    return found;
  }
}

/** Goes over a location, and decodes no more of it than is needed to know whether it is wanted. */
function lookAt(reader: BinaryReader, end: number): { readonly field: number; readonly hasComment: boolean } {
  let field = 0;
  let hasComment = false;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === inLocation.path) {
      const pathEnd = reader.uint32() + reader.pos;
      field ||= reader.pos < pathEnd ? reader.int32() : 0;
      reader.pos = pathEnd;
    } else if (tag === inLocation.pathNumber) {
      const number = reader.int32();
      field ||= number;
    } else if (tag === inLocation.leadingComments || tag === inLocation.trailingComments) {
      const length = reader.uint32();
      hasComment ||= length > 0;
      reader.pos += length;
    } else {
      skip(reader, tag);
    }
  }
  return { field, hasComment };
}

function readLocation(reader: BinaryReader, end: number): SourceLocation {
  const location = { path: [] as number[], span: [] as number[], leadingComments: "", trailingComments: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case inLocation.path:
        readNumbers(reader, location.path);
        break;
      case inLocation.span:
        readNumbers(reader, location.span);
        break;
      case inLocation.pathNumber:
        location.path.push(reader.int32());
        break;
      case inLocation.spanNumber:
        location.span.push(reader.int32());
        break;
      case inLocation.leadingComments:
        location.leadingComments = reader.string();
        break;
      case inLocation.trailingComments:
        location.trailingComments = reader.string();
        break;
      default:
        skip(reader, tag);
    }
  }
  return location;
}

/** The numbers of a packed field. */
function readNumbers(reader: BinaryReader, numbers: number[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    numbers.push(reader.int32());
  }
}

function skip(reader: BinaryReader, tag: number): void {
  reader.skip(tag & 7, tag >>> 3);
}

function tagOf(field: number, wireType: WireType = WireType.LengthDelimited): number {
  return (field << 3) | wireType;
}
