// `nanowire/validate`: ready-made validation of what clients send. It needs the package @bufbuild/protovalidate.

export { protovalidate } from "./protovalidate.js";
