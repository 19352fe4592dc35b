// A bare engine: answers what comes over NATS with the bytes that it was asked with. The first argument is the port of NATS.

import { connect } from "@nats-io/transport-node";
import { serve } from "../servers/serve.js";
import { echoSubject } from "./nats-subject.js";

const connection = await connect({ servers: `127.0.0.1:${process.argv[2]}` });
connection.subscribe(echoSubject, {
  callback: (error, message) => {
    if (error !== null) {
      throw error;
    }
    message.respond(message.data);
  },
});
await connection.flush();
serve(0);
