// What is measured: a server with many routes, ten methods to a service, each of which echoes.
// Arguments: the transport, tcp or ws; how many routes. Their codes count from 1.

import { Component, defineMethod, type MessageCodec, type RouteDictionary, type ServiceDefinition } from "nanowire";
import { Position } from "../generated/bench/v1/echo.js";
import { Position as PositionJson } from "../generated/bench/v1/echo.json.js";
import { benchServer } from "./bench-server.js";
import { serve } from "./serve.js";

const methodsAService = 10;

const [, , transport, count] = process.argv;
const position: MessageCodec<Position> = { protobuf: Position, wire: Position, json: PositionJson };
const routes = Array.from({ length: Number(count) }, (_, index) => ({
  service: `Area${Math.floor(index / methodsAService)}`,
  method: `Do${index % methodsAService}`,
  code: index + 1,
}));
const dictionary: RouteDictionary = {
  version: `routes-${routes.length}`,
  routes: Object.fromEntries(routes.map(({ service, method, code }) => [`${service}.${method}`, code])),
};

class Area extends Component {
  /** As the generator writes it, but for the methods' names. */
  constructor(name: string) {
    const service: ServiceDefinition<Area> = {
      name,
      protoName: `bench.v1.${name}`,
      dictionary,
      methods: routes
        .filter((route) => route.service === name)
        .map(({ method, code }) =>
          defineMethod({
            name: method,
            route: `${name}.${method}`,
            code,
            kind: "request",
            request: position,
            response: position,
            invoke: (area: Area, _session, request) => area.echo(request),
          }),
        ),
    };
    super(service);
  }

  echo(request: Position): Position {
    return request;
  }
}

const server = benchServer(
  transport,
  [...new Set(routes.map(({ service }) => service))].map((name) => new Area(name)),
);
await server.start();
serve(server.addresses[0]?.port ?? 0);
