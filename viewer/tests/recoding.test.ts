import { describe, expect, it } from 'vitest';
import type { PixelDescription } from '../src/core/pixels';
import { isWorthRecoding } from '../src/core/recoding';
import { LinkRate, rateOf, type Timed } from '../src/net/link-rate';

const CT: PixelDescription = { Rows: 512, Columns: 512, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', PlanarConfiguration: 0, BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0 };
const MAMMOGRAM = { ...CT, Rows: 4096, Columns: 3328 };
const mbit = (rate: number): number => (rate * 1e6) / 8 / 1000;

describe('frames in HTJ2K instead of as stored', () => {
  it.each([
    ['a slice over 30 Mbit/s', CT, 30, true],
    ['a slice over 100 Mbit/s', CT, 100, false],
    ['a small picture over 10 Mbit/s', { ...CT, Rows: 128, Columns: 128 }, 10, false],
    ['a mammogram over 100 Mbit/s', MAMMOGRAM, 100, true],
    ['a mammogram over a gigabit', MAMMOGRAM, 1000, false],
    ['a mammogram over loopback', MAMMOGRAM, 8000, false],
  ] as const)('%s', (_, description, rate, worth) => expect(isWorthRecoding(description, false, mbit(rate))).toBe(worth));

  it('are never asked for before the link is known, nor where a bit of a cell would be lost', () => {
    expect(isWorthRecoding(MAMMOGRAM, false, undefined)).toBe(false);
    expect(isWorthRecoding(MAMMOGRAM, true, 1)).toBe(false);
    for (const not of [{ HighBit: 15 }, { BitsAllocated: 32, BitsStored: 32, HighBit: 31 }, { PixelRepresentation: 2 }, { PhotometricInterpretation: 'PALETTE COLOR' }, { PhotometricInterpretation: 'YBR_FULL_422' }, { SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' }]) {
      expect(isWorthRecoding({ ...MAMMOGRAM, ...not }, false, 1)).toBe(false);
    }
    expect(isWorthRecoding({ ...MAMMOGRAM, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', BitsAllocated: 8, BitsStored: 8, HighBit: 7 }, false, 1)).toBe(true);
  });
});

describe('the rate of the link', () => {
  const body = (responseStart: number, responseEnd: number, encodedBodySize = 100_000, transferSize = encodedBodySize): Timed => ({ responseStart, responseEnd, encodedBodySize, transferSize });

  it('is what came together in the time in which anything came', () => {
    expect(rateOf([body(0, 100)])).toBe(1000);
    expect(rateOf([body(50, 100), body(0, 100), body(300, 400)])).toBe(1500);
    expect(rateOf([])).toBeUndefined();
  });

  it('is that of the latest bodies, and of none that is short or was there already', () => {
    const kept: number[] = [];
    const link = new LinkRate(7, (rate) => kept.push(rate));
    link.note([body(0, 100, 100_000, 0), body(0, 100, 2000)]);
    expect([link.rate(), kept]).toEqual([7, []]);
    link.note([body(100, 200, 3_000_000)]);
    expect(link.rate()).toBe(30_000);
    link.note([body(200, 1200, 3_000_000)]);
    expect([link.rate(), kept]).toEqual([3000, [30_000, 3000]]);
  });
});
