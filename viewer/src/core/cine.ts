// Timing of cine (PS3.3 C.7.6.5 and C.7.6.6): which rate the file asks for, and which frame to show now. Pure; time is an argument.

import { number, numbers, text, type DataSet } from './dicom-json';

export const DEFAULT_RATE = 20;
export const MIN_RATE = 1;
export const MAX_RATE = 120;

export type RateSource = 'FrameTime' | 'FrameTimeVector' | 'RecommendedDisplayFrameRate' | 'CineRate' | 'default';

export interface Timing {
  /** Milliseconds each frame is shown, one entry a frame. */
  durations: readonly number[];
  /** Frames per second on average. */
  rate: number;
  source: RateSource;
  /** Forth and back instead of from the start again. */
  sweep: boolean;
}

function steady(count: number, rate: number, source: RateSource, sweep: boolean): Timing {
  return { durations: new Array<number>(count).fill(1000 / rate), rate, source, sweep };
}

/**
 * FrameTimeVector holds the increment before each frame, its first entry is 0 (C.7.6.5): frame i is shown for entry
 * i + 1, the last frame for the mean.
 */
function fromVector(vector: readonly number[], count: number, sweep: boolean): Timing | undefined {
  const increments = vector.slice(1, count);
  if (vector.length < count || count < 2 || increments.some((step) => !(step > 0))) return undefined;
  const mean = increments.reduce((sum, step) => sum + step, 0) / increments.length;
  return { durations: [...increments, mean], rate: 1000 / mean, source: 'FrameTimeVector', sweep };
}

/** The file's own timing; 20 frames a second where it has none. */
export function timingOf(dataSet: DataSet, count: number): Timing {
  const sweep = number(dataSet, 'PreferredPlaybackSequencing') === 1;
  const within = (rate: number | undefined): rate is number => rate !== undefined && rate >= MIN_RATE && rate <= 1000;
  const frameTime = number(dataSet, 'FrameTime');
  if (frameTime !== undefined && within(1000 / frameTime)) return steady(count, 1000 / frameTime, 'FrameTime', sweep);
  const variable = fromVector(numbers(dataSet, 'FrameTimeVector'), count, sweep);
  if (variable) return variable;
  for (const source of ['RecommendedDisplayFrameRate', 'CineRate'] as const) {
    const rate = number(dataSet, source);
    if (within(rate)) return steady(count, rate, source, sweep);
  }
  return steady(count, DEFAULT_RATE, 'default', sweep);
}

/** The frame to show `elapsed` ms after `start` was shown, at `speed` times the file's rate. Skips frames rather than fall behind. */
export function frameAt(elapsed: number, start: number, timing: Timing, speed = 1): number {
  const count = timing.durations.length;
  if (count < 2) return 0;
  const order = playOrder(count, timing.sweep);
  const cycle = order.reduce((sum, frame) => sum + (timing.durations[frame] ?? 0), 0);
  let left = (Math.max(0, elapsed) * speed + timeBefore(order, order.indexOf(start), timing)) % cycle;
  for (const frame of order) {
    left -= timing.durations[frame] ?? 0;
    if (left < 0) return frame;
  }
  return order.at(-1) ?? 0;
}

function playOrder(count: number, sweep: boolean): number[] {
  const forth = Array.from({ length: count }, (_, index) => index);
  return sweep ? [...forth, ...forth.slice(1, -1).reverse()] : forth;
}

function timeBefore(order: readonly number[], position: number, timing: Timing): number {
  return order.slice(0, Math.max(0, position)).reduce((sum, frame) => sum + (timing.durations[frame] ?? 0), 0);
}

const MOVING = new Set(['US', 'XA', 'RF', 'IVUS', 'ES', 'XC', 'GM', 'ECHO']);

let startsByItself = true;

/** Whether anything starts to play by itself. */
export function setAutoPlay(wanted: boolean): void {
  startsByItself = wanted;
}

/** Whether a multi-frame image starts to play by itself: what moves by nature, and MR whose frames are moments. */
export function autoPlays(dataSet: DataSet, frames: number): boolean {
  const modality = text(dataSet, 'Modality');
  const timed = number(dataSet, 'FrameTime') !== undefined || numbers(dataSet, 'FrameTimeVector').length > 1;
  return startsByItself && frames > 1 && (MOVING.has(modality) || (modality === 'MR' && timed));
}

/** Rates that the slower and faster commands step through. */
export function steppedRate(rate: number, direction: 1 | -1): number {
  const step = rate >= 30 ? 5 : rate >= 10 ? 2 : 1;
  return Math.min(MAX_RATE, Math.max(MIN_RATE, Math.round(rate + direction * step)));
}
