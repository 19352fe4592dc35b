/** A tadpole's place and how it swims. Angles are in radians, 0 to the right and then clockwise; distances in units, speeds in units a second. */
export interface Motion {
  x: number;
  y: number;
  angle: number;
  speed: number;
}

/** Where one wants to go: `strength` from 0, not at all, to 1. */
export interface Wish {
  readonly angle: number;
  readonly strength: number;
}

const fastest = 320;
/** How much of the difference to what is wished is made up for in a second. */
const turning = 5;
const speeding = 2.5;

/** Lets a tadpole swim for a while, towards what is wished, and no farther than the pond reaches. */
export function swim(motion: Motion, wish: Wish, radius: number, seconds: number): void {
  if (wish.strength > 0) {
    motion.angle = wrapped(motion.angle + wrapped(wish.angle - motion.angle) * partOf(turning, seconds));
  }
  motion.speed += (wish.strength * fastest - motion.speed) * partOf(speeding, seconds);
  motion.x = bounded(motion.x + Math.cos(motion.angle) * motion.speed * seconds, radius);
  motion.y = bounded(motion.y + Math.sin(motion.angle) * motion.speed * seconds, radius);
}

/** Draws a tadpole nearer to where it was last said to be, which goes on swimming as it did. */
export function follow(shown: Motion, told: Motion, seconds: number): void {
  told.x += Math.cos(told.angle) * told.speed * seconds;
  told.y += Math.sin(told.angle) * told.speed * seconds;
  const part = partOf(10, seconds);
  shown.x += (told.x - shown.x) * part;
  shown.y += (told.y - shown.y) * part;
  shown.angle = wrapped(shown.angle + wrapped(told.angle - shown.angle) * part);
  shown.speed = told.speed;
}

/** An angle from -π to π. */
export function wrapped(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}

/** As much in two halves of a second as in one whole. */
function partOf(rate: number, seconds: number): number {
  return 1 - Math.exp(-rate * seconds);
}

function bounded(value: number, radius: number): number {
  return Math.min(radius, Math.max(-radius, value));
}
