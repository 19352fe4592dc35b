import { Component } from "../component/component.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { RoutesOfServices } from "./server-pipeline.js";

/** The routes of the services that components implement, and of those that are forwarded, by the services' names: what may come in. */
export function routesOfComponents({ endpoints, forwarded }: Dispatcher): RoutesOfServices {
  return grouped([
    ...endpoints.map(({ component, method }) => [Component.serviceOf(component).name, method.route] as const),
    ...forwarded.map(({ service, method }) => [service, method.route] as const),
  ]);
}

/** The routes of all services, pushes too, by the services' names: what may go out. A method may have a route that does not begin with its service's name. */
export function routesOfServices(dispatcher: Dispatcher): RoutesOfServices {
  const ofComponents = routesOfComponents(dispatcher);
  const handled = new Set([...ofComponents.values()].flat());
  const others = Object.keys(dispatcher.dictionary.toObject()).filter((route) => !handled.has(route));
  return grouped([
    ...[...ofComponents].flatMap(([service, routes]) => routes.map((route) => [service, route] as const)),
    ...others.map((route) => [route.slice(0, Math.max(0, route.lastIndexOf("."))), route] as const),
  ]);
}

function grouped(entries: Iterable<readonly [service: string, route: string]>): RoutesOfServices {
  const routes = new Map<string, string[]>();
  for (const [service, route] of entries) {
    routes.set(service, [...(routes.get(service) ?? []), route]);
  }
  return routes;
}
