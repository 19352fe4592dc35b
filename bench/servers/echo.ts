import type { Blob, Position } from "../generated/bench/v1/echo.js";
import { EchoComponent } from "../generated/bench/v1/echo.server.js";

/** Answers with what it was asked. */
export class Echo extends EchoComponent {
  move(_session: unknown, request: Position): Position {
    return request;
  }

  ping(_session: unknown, request: Blob): Blob {
    return request;
  }
}
