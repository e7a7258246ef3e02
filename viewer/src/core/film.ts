// Which pictures a film has, and for how long each is seen. Pure.

import type { Timing } from './cine';

export interface FilmFrame {
  index: number;
  /** ms. */
  duration: number;
}

export const MOST_FRAMES = 1000;
/** A stack is scrolled through at this rate. */
const SCROLL_RATE = 12;

/** All pictures of a set, once: clips in their own time at the rate in force, stacks evenly. */
export function filmFrames(count: number, clip: boolean, timing: Timing | undefined, rate: number): FilmFrame[] {
  const speed = timing ? rate / timing.rate : 1;
  return Array.from({ length: Math.min(count, MOST_FRAMES) }, (_, index) => ({ index, duration: clip ? (timing?.durations[index] ?? 1000 / rate) / speed : 1000 / SCROLL_RATE }));
}
