/** One byte of the wire says how long a route is. */
const maxRouteBytes = 255;

/**
 * What is wrong with a route, as the end of a sentence, or undefined.
 *
 * @param whole whether it is that of a method: then it has a dot
 */
export function routeFault(route: string, whole = false): string | undefined {
  const bytes = new TextEncoder().encode(route).length;
  if (bytes > maxRouteBytes) {
    return `has ${bytes} bytes, more than ${maxRouteBytes}: write a shorter one`;
  }
  if (route.split(".").includes("")) {
    return "has an empty part: write a name before and after every dot";
  }
  if (whole && !route.includes(".")) {
    return `has no dot: write \`<service>.<method>\`, as in "Room.Join"`;
  }
  if (/\p{Cc}/u.test(route)) {
    return "holds a control character: leave it out";
  }
  return undefined;
}
