// Asks the responder over NATS. The first argument is the port of NATS.

import { connect } from "@nats-io/transport-node";
import { serveCalls } from "./engine-load.js";
import { echoSubject } from "./nats-subject.js";

const patienceMs = 30_000;

const connection = await connect({ servers: `127.0.0.1:${process.argv[2]}` });
serveCalls((request, answered) => {
  // A rejection ends the process, and the bench.
  void connection.request(echoSubject, request, { timeout: patienceMs }).then(({ data }) => answered(data));
});
