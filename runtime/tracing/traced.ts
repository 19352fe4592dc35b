import { codeOf } from "../base/error.js";
import type { Trace } from "./tracing.js";

/** Does something that is traced: told how it ends. */
export async function traced<T>(trace: Trace, work: () => Promise<T>): Promise<T> {
  try {
    return await trace.run(work);
  } catch (error) {
    trace.failed(codeOf(error), error);
    throw error;
  } finally {
    trace.ended();
  }
}

/** Does something that may be traced, and is done at once. */
export function tracedAtOnce<T>(trace: Trace | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    trace?.failed(codeOf(error), error);
    throw error;
  } finally {
    trace?.ended();
  }
}
