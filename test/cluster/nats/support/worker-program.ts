// A node that has letters sent, in a process of its own: `node program <id> <url>`. It prints `done <job's id>` for each.

import { createServer, silentLogger } from "nanowire";
import { nats } from "nanowire/nats";
import type { RemoteContext } from "../../../../runtime/component/remote.js";
import { PostRemote } from "../../../generator/scenarios/jobs/expected/generated/post/v1/post.server.js";

const [id = "", url = ""] = process.argv.slice(2);

class Post extends PostRemote {
  override async send({ job }: RemoteContext): Promise<void> {
    await new Promise((resolve) => void setTimeout(resolve, 5));
    process.stdout.write(`done ${job?.id}\n`);
  }

  override count(): { sent: number } {
    return { sent: 0 };
  }

  override forget(): void {}

  override empty(): void {}
}

const server = createServer({
  components: [],
  remotes: [new Post()],
  listen: [],
  logger: silentLogger,
  cluster: { driver: nats({ servers: url, jobSilenceMs: 1_000 }), id },
});
await server.start();
process.stdout.write("in\n");
