// `nanowire/wire`: what generated message codecs write and read through, on the server and in a browser.

export { BinaryReader } from "./binary-reader.js";
export { BinaryWriter } from "./binary-writer.js";
