import { describe, expect, test } from "vitest";
import { grpc } from "../../../runtime/cluster/grpc/grpc.js";
import { grpcMaster } from "../../../runtime/cluster/grpc/grpc-master.js";
import { type GrpcOptions, resolveGrpcOptions } from "../../../runtime/cluster/grpc/grpc-options.js";

describe("grpc's options", () => {
  test.each<[options: object, message: string]>([
    [{}, "grpc needs either master: true or join, the address of the master"],
    [{ master: true, join: "a:1" }, "grpc needs either master: true or join, the address of the master"],
    [{ join: [] }, "grpc needs either master: true or join, the address of the master"],
    [{ joins: "a:1" }, "there is no option grpc.joins; there are "],
    [{ join: "a" }, "grpc.join a is not an address, host:port"],
    [{ join: ["a:1", "b:70000"] }, "grpc.join b:70000 is not an address, host:port"],
    [{ join: "a:0" }, "grpc.join a:0 is not an address, host:port"],
    [{ join: [7] }, "grpc.join 7 is not an address, host:port"],
    [{ join: "a:1", listen: "::1:7000" }, "grpc.listen ::1:7000 is not an address, host:port"],
    [{ join: "a:1", listen: 7000 }, "grpc.listen 7000 is not a string"],
    [{ join: "a:1", advertise: "a:0" }, "grpc.advertise a:0 is not an address, host:port"],
    [{ join: "a:1", label: "x".repeat(1_025) }, "grpc.label of 1025 characters is longer than 1024"],
    [{ join: "a:1", heartbeatIntervalMs: 49 }, "grpc.heartbeatIntervalMs 49 is not an integer from 50 to 60000"],
    [{ join: "a:1", maxWaitingBytes: 1.5 }, "grpc.maxWaitingBytes 1.5 is not an integer from 65536 to 1073741824"],
    [{ join: "a:1", onUnregister: 1 }, "grpc.onUnregister 1 is not a function"],
    [{ join: "a:1", nanoSerializer: "xml" }, "grpc.nanoSerializer xml is not protobuf or json"],
    [{ join: "a:1", tls: {} }, "grpc.tls needs cert and key, or certFile and keyFile"],
    [
      { join: "a:1", tls: { cert: "c", key: "k", keyFile: "f" } },
      "grpc.tls needs cert and key, or certFile and keyFile",
    ],
    [{ join: "a:1", tls: { cert: "c", key: "k", caa: "x" } }, "there is no option grpc.tls.caa; there are "],
    [{ join: "a:1", tls: { cert: "c", key: "k", mutual: true } }, "grpc.tls.mutual needs ca or caFile"],
    [{ join: "a:1", tls: { cert: "c", key: "k", ca: "x", caFile: "y" } }, "grpc.tls.ca is no PEM, or caFile no path"],
  ])("%j: %s", (options, message) => {
    expect(() => grpc(options as GrpcOptions)).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(message) }),
    );
  });

  test("a master that hosts nothing has fewer", () => {
    expect(() => grpcMaster({ join: "a:1" } as object)).toThrow("there is no option grpcMaster.join; there are listen");
  });

  test("an address may be a name, IPv4, or IPv6 in brackets", () => {
    const { join, listen } = resolveGrpcOptions({ join: ["master.test:1", "10.0.0.1:2", "[::1]:3"], listen: "[::]:0" });
    expect(join).toEqual(["master.test:1", "10.0.0.1:2", "[::1]:3"]);
    expect(listen).toEqual({ host: "::", port: 0 });
  });
});
