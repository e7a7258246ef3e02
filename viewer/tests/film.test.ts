import { describe, expect, it } from 'vitest';
import { autoPlays, timingOf } from '../src/core/cine';
import { filmFrames } from '../src/core/film';
import { displaySets } from '../src/core/stack';
import { dataSet, slice } from './builders';

describe('films', () => {
  it('take the time of their clip at the rate in force, and scroll stacks evenly', () => {
    const timing = timingOf(dataSet({ FrameTimeVector: [0, 50, 150] }), 3);
    expect(filmFrames(3, true, timing, timing.rate).map(({ duration }) => duration)).toEqual([50, 150, 100]);
    expect(filmFrames(3, true, timing, timing.rate * 2).map(({ duration }) => duration)).toEqual([25, 75, 50]);
    expect(filmFrames(2, false, timing, 20).map(({ duration }) => Math.round(duration))).toEqual([83, 83]);
  });

  it('begin by themselves where something moves', () => {
    expect(autoPlays(dataSet({ Modality: 'US' }), 2)).toBe(true);
    expect(autoPlays(dataSet({ Modality: 'US' }), 1)).toBe(false);
    expect(autoPlays(dataSet({ Modality: 'MR', FrameTime: 69.47 }), 16)).toBe(true);
    expect(autoPlays(dataSet({ Modality: 'MR' }), 16)).toBe(false);
  });
});

describe('videos', () => {
  it('are played as a whole', () => {
    expect(displaySets([slice({ NumberOfFrames: 90, PhotometricInterpretation: 'YBR_PARTIAL_420' })]).map(({ kind }) => kind)).toEqual(['document']);
  });
});
