import type { DescribedRoute, DescriptorsFile } from "../protocol/descriptors-file.js";
import { type DescribeResponse, Route_Kind } from "./generated/nanowire/reflection/v1/reflection.js";

/** What is answered where these are the descriptors. */
export function describeResponse({ dictVersion, routes, descriptorSet }: DescriptorsFile): DescribeResponse {
  return {
    routes: routes.map(({ route, kind, ...rest }) => ({
      name: route,
      kind: kinds[kind],
      code: rest.code,
      request: rest.request,
      response: rest.response,
      boundOnly: rest.boundOnly,
      deprecated: rest.deprecated,
      comment: rest.comment,
    })),
    descriptorSet,
    dictVersion,
  };
}

/** The other way round, in a tool. Routes of a kind that is not known here are left out. */
export function descriptorsOf({ dictVersion, routes, descriptorSet }: DescribeResponse): DescriptorsFile {
  return {
    dictVersion,
    routes: routes.flatMap(({ name: route, kind: number, ...rest }) => {
      const kind = kindNames.find((name) => kinds[name] === number);
      return kind === undefined ? [] : [{ ...rest, route, kind }];
    }),
    descriptorSet,
  };
}

const kinds = {
  request: Route_Kind.REQUEST,
  notify: Route_Kind.NOTIFY,
  push: Route_Kind.PUSH,
} as const satisfies Record<DescribedRoute["kind"], Route_Kind>;

const kindNames = Object.keys(kinds) as DescribedRoute["kind"][];
