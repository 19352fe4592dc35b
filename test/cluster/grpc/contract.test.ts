import { silentLogger } from "../../../runtime/base/logger.js";
import { grpc } from "../../../runtime/cluster/grpc/grpc.js";
import { grpcMaster } from "../../../runtime/cluster/grpc/grpc-master.js";
import { describeDriver } from "../support/driver-contract.js";

describeDriver("grpc", async () => {
  const master = grpcMaster({ logger: silentLogger });
  const join = await master.start();
  return {
    driver: () => grpc({ join }),
    close: () => master.stop(),
  };
});
