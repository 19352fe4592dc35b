/** How a field's value lies on the wire (https://protobuf.dev/programming-guides/encoding/#structure): the low 3 bits of its tag. */
export const WireType = {
  varint: 0,
  bit64: 1,
  lengthDelimited: 2,
  startGroup: 3,
  endGroup: 4,
  bit32: 5,
} as const;
