// `nanowire/reflection`: a server tells tools what it speaks.

export type { Descriptors } from "../protocol/descriptors-file.js";
export { type ReflectionOptions, reflection } from "./reflection.js";
