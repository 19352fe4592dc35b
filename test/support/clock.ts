export { SteppedClock } from "../../runtime/testing/stepped-clock.js";
