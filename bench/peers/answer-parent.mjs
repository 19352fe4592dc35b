// What bench/servers/serve.ts does, for servers that are not built with the rest.

/**
 * Tells the parent where a server listens, and what CPU time its process has used whenever it is asked. Nobody else in
 * the process can speak to the parent from then on: a server that its user starts finds none.
 */
export function serve(port) {
  const send = process.send.bind(process);
  process.send = undefined;
  process.on("message", ({ ask }) => {
    const { user, system } = process.cpuUsage();
    send({ value: ask === "port" ? port : user + system });
  });
  process.on("disconnect", () => process.exit());
}
