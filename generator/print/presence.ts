/** What of a decoded google.protobuf.DescriptorProto is changed. */
interface Message {
  readonly field: Field[];
  readonly nestedType: readonly Message[];
  readonly oneofDecl: object[];
  readonly options?: { readonly mapEntry: boolean } | undefined;
}

interface Field {
  readonly name: string;
  readonly label: number;
  readonly type: number;
  /** Of a field in no oneof: 0, but not a property of its own. */
  oneofIndex: number;
  proto3Optional: boolean;
}

/** Numbers of descriptor.proto. */
const labelOptional = 1;
const typeGroup = 10;
const typeMessage = 11;

/**
 * Marks the optional fields of proto2 messages as `optional` of proto3 is marked, with a oneof of their own. ts-proto
 * keeps apart what is absent and what is zero for those only: as proto2 it would not send an `optional int32` that is 0.
 */
export function markOptionalFields(messages: readonly Message[]): void {
  for (const message of messages) {
    const isMapEntry = message.options?.mapEntry === true;
    for (const field of isMapEntry ? [] : message.field) {
      const isScalar = field.type !== typeGroup && field.type !== typeMessage;
      if (field.label === labelOptional && isScalar && !Object.hasOwn(field, "oneofIndex")) {
        field.proto3Optional = true;
        field.oneofIndex = message.oneofDecl.push({ name: `_${field.name}`, options: undefined }) - 1;
      }
    }
    markOptionalFields(message.nestedType);
  }
}
