/**
 * What pipeline steps and hooks keep for one another about one message, declared once and then known everywhere:
 *
 * ```ts
 * declare module "nanowire" {
 *   interface CallData {
 *     startedMs: number;
 *   }
 * }
 * ```
 *
 * What an inbound step puts there, the steps after it see, then the hooks of the same call, then the outbound steps of its response.
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs add to it
export interface CallData {}
