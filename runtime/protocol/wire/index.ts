// `nanowire/wire`: what generated message codecs write and read through, on the server and in a browser.

export { BinaryReader } from "./binary-reader.js";
export { BinaryWriter } from "./binary-writer.js";
export { readDouble, readFixed32, readFixed64, readFloat, readSfixed32, readSfixed64 } from "./read-fixed.js";
export { readBool, readInt32, readInt64, readSint32, readSint64, readUint64 } from "./read-varints.js";
export { writeDouble, writeFixed32, writeFixed64, writeFloat, writeSfixed32, writeSfixed64 } from "./write-fixed.js";
export { writeBool, writeInt32, writeInt64, writeSint32, writeSint64, writeUint64 } from "./write-varints.js";
