// How often each value occurs in a volume, in bins across the range of its transfer function. Pure.

import type { Range } from './transfer';

export const BINS = 256;

export class Histogram {
  readonly counts = new Float64Array(BINS);

  constructor(private readonly range: Range) {}

  /** Counts values; what lies outside the range (padding, mostly) is left out. */
  add(values: Float32Array): void {
    const { low, high } = this.range;
    const scale = BINS / (high - low);
    for (const value of values) {
      if (!(value >= low && value <= high)) continue;
      const bin = Math.min(BINS - 1, Math.floor((value - low) * scale));
      this.counts[bin] = (this.counts[bin] as number) + 1;
    }
  }

  /** Heights of the bins, 0 to 1, on a scale of logarithms: small vessels are seen beside much air. */
  heights(): number[] {
    const most = Math.log1p(this.counts.reduce((a, b) => Math.max(a, b), 0));
    return Array.from(this.counts, (count) => (most > 0 ? Math.log1p(count) / most : 0));
  }
}
