// What bench/servers/serve.ts does, for servers that are not built with the rest.

/** Tells the parent where a server listens, and what CPU time its process has used whenever it is asked. */
export function serve(port) {
  process.on("message", ({ ask }) => {
    const { user, system } = process.cpuUsage();
    process.send({ value: ask === "port" ? port : user + system });
  });
  process.on("disconnect", () => process.exit());
}
