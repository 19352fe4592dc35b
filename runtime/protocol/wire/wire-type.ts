// How a field's value lies on the wire (https://protobuf.dev/programming-guides/encoding/#structure): the low 3 bits of its tag.
// Numbers by themselves, not members of an object: a bundler writes them where they are used.

export const varint = 0;
export const bit64 = 1;
export const lengthDelimited = 2;
export const startGroup = 3;
export const endGroup = 4;
export const bit32 = 5;
