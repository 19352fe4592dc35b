// Pinus as its users write it: a connector with one handler. Its master, a process of its own that watches others, is left out.

// Its loader asks for it, and its users import it.
require("reflect-metadata");
const { createServer } = require("node:net");
const { pinus } = require("pinus");
const appUtil = require("pinus/dist/lib/util/appUtil");

// The port must be known beforehand: pinus reads it from its configuration.
const probe = createServer().listen(0, "127.0.0.1", () => {
  const { port } = probe.address();
  probe.close(() => start(port));
});

function start(port) {
  process.argv.push(
    "env=production",
    "serverType=connector",
    "id=connector-1",
    "host=127.0.0.1",
    "frontend=true",
    `clientPort=${port}`,
  );
  const { monitor: _monitor, ...components } = pinus.components;
  appUtil.loadDefaultComponents = (app) => {
    for (const name of [
      "proxy",
      "connection",
      "connector",
      "session",
      "pushScheduler",
      "backendSession",
      "channel",
      "server",
    ]) {
      app.load(components[name], app.get(`${name}Config`));
    }
  };
  const app = pinus.createApp({ base: `${__dirname}/pinus` });
  app.set("connectorConfig", { connector: pinus.connectors.hybridconnector, useDict: false, useProtobuf: false });
  app.start(async (error) => {
    if (error) {
      throw error;
    }
    const { serve } = await import("./answer-parent.mjs");
    serve(port);
  });
}
