/** How long a message to the server and its answer take, as far as the client can tell. */
export interface RoundTrip {
  /** Milliseconds, the last time that was measured; undefined before the first. */
  readonly lastMs: number | undefined;
  /** Milliseconds, smoothed: each measurement moves it by an eighth (RFC 6298, 2.3). */
  readonly smoothedMs: number | undefined;
}

/** A {@link RoundTrip} that goes on being measured. */
export class MeasuredRoundTrip implements RoundTrip {
  lastMs: number | undefined;
  smoothedMs: number | undefined;

  sample(ms: number): void {
    // The clock may have been set back.
    const lastMs = Math.max(ms, 0);
    this.lastMs = lastMs;
    this.smoothedMs = this.smoothedMs === undefined ? lastMs : this.smoothedMs + (lastMs - this.smoothedMs) / 8;
  }
}
