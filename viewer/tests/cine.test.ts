import { describe, expect, it } from 'vitest';
import { autoPlays, frameAt, steppedRate, timingOf } from '../src/core/cine';
import { dataSet } from './builders';

describe('rate', () => {
  it.each([
    ['FrameTime', { FrameTime: 40, CineRate: 99 }, 25, 'FrameTime'],
    ['RecommendedDisplayFrameRate', { RecommendedDisplayFrameRate: 15, CineRate: 30 }, 15, 'RecommendedDisplayFrameRate'],
    ['CineRate', { CineRate: 12 }, 12, 'CineRate'],
    ['nothing', {}, 20, 'default'],
    ['a FrameTime of 0', { FrameTime: 0 }, 20, 'default'],
    ['a FrameTime of an hour', { FrameTime: 3_600_000 }, 20, 'default'],
    ['a vector too short', { FrameTimeVector: [0, 50] }, 20, 'default'],
  ] as const)('from %s', (_, values, rate, source) => expect(timingOf(dataSet(values), 4)).toMatchObject({ rate, source }));

  it('follows a variable vector', () => {
    const timing = timingOf(dataSet({ FrameTimeVector: [0, 100, 300, 200] }), 4);
    expect(timing.durations).toEqual([100, 300, 200, 200]);
    expect(timing.rate).toBe(5);
  });
});

describe('frameAt', () => {
  const four = timingOf(dataSet({ FrameTime: 100 }), 4);
  const sweep = timingOf(dataSet({ FrameTime: 100, PreferredPlaybackSequencing: 1 }), 4);
  const at = (times: number[], timing = four, start = 0, speed = 1) => times.map((time) => frameAt(time, start, timing, speed));
  it('goes by elapsed time and starts again', () => expect(at([0, 99, 100, 250, 399, 400, 450])).toEqual([0, 0, 1, 2, 3, 0, 0]));
  it('skips frames when late', () => expect(at([0, 310])).toEqual([0, 3]));
  it('starts where it was', () => expect(at([0, 100, 200], four, 2)).toEqual([2, 3, 0]));
  it('sweeps forth and back', () => expect(at([0, 100, 200, 300, 400, 500, 600, 700], sweep)).toEqual([0, 1, 2, 3, 2, 1, 0, 1]));
  it('runs at another speed', () => expect(at([0, 50, 100], four, 0, 2)).toEqual([0, 1, 2]));
  it('honours a vector', () => expect(at([0, 99, 100, 399, 400], timingOf(dataSet({ FrameTimeVector: [0, 100, 300, 200] }), 4))).toEqual([0, 0, 1, 1, 2]));
  it('stays on a single frame', () => expect(frameAt(1e6, 0, timingOf(dataSet({}), 1))).toBe(0));
});

it('plays ultrasound and angiography by itself, nothing else', () => {
  expect(autoPlays(dataSet({ Modality: 'US' }), 30)).toBe(true);
  expect(autoPlays(dataSet({ Modality: 'XA' }), 30)).toBe(true);
  expect(autoPlays(dataSet({ Modality: 'US' }), 1)).toBe(false);
  expect(autoPlays(dataSet({ Modality: 'MR' }), 30)).toBe(false);
});
it('never goes below one frame a second', () => expect(steppedRate(1, -1)).toBe(1));
