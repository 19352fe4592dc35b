// `nanowire/grpc`: a cluster over gRPC, without a server to install. It needs the package @grpc/grpc-js.

export { type GrpcDriver, grpc } from "./grpc.js";
export { type GrpcMaster, type GrpcMasterOptions, grpcMaster } from "./grpc-master.js";
export type { GrpcOptions, GrpcServerOptions } from "./grpc-options.js";
export type { UnregisteredMember } from "./master.js";
export type { GrpcPem, GrpcPemFiles, GrpcTlsOptions, GrpcTlsSettings } from "./tls.js";
