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
    this.lastMs = ms;
    this.smoothedMs = this.smoothedMs === undefined ? ms : this.smoothedMs + (ms - this.smoothedMs) / 8;
  }
}
