import { describe, expect, it } from 'vitest';
import { BINS, Histogram } from '../src/core/volume3d/histogram';
import { fromImage, pointAt, toImage, transferTable, volumePresets, type VolumePreset } from '../src/core/volume3d/transfer';
import { addPoint, colourOf, heightOf, movePoint, opacityOf, paintPoint, removePoint } from '../src/core/volume3d/transfer-points';

const HU = { low: -1024, high: 3071 };
const [bone] = volumePresets('CT') as readonly [VolumePreset];
const [surface] = volumePresets('MR') as readonly [VolumePreset];
const valuesOf = ({ points }: VolumePreset): number[] => points.map(({ value }) => value);

describe('the histogram', () => {
  it('counts values in bins of the range, and leaves out what lies beyond', () => {
    const histogram = new Histogram({ low: 0, high: BINS });
    histogram.add(Float32Array.from([0, 0.5, 1, 100.2, BINS, -1, BINS + 1, NaN]));
    expect([histogram.counts[0], histogram.counts[1], histogram.counts[100], histogram.counts[BINS - 1]]).toEqual([2, 1, 1, 1]);
    expect(histogram.counts.reduce((a, b) => a + b)).toBe(5);
  });
  it('is as high as the logarithms', () => {
    const histogram = new Histogram({ low: 0, high: BINS });
    expect(histogram.heights().every((height) => height === 0)).toBe(true);
    histogram.add(new Float32Array(999).fill(5));
    histogram.add(new Float32Array(9).fill(7));
    expect(histogram.heights()[5]).toBe(1);
    expect(histogram.heights()[7]).toBeCloseTo(1 / 3, 9);
  });
});

describe('points of a transfer function', () => {
  it('move between their neighbours and within the range, each to an opacity from 0 to 1', () => {
    const moved = movePoint(bone, HU, 1, 300, 0.3);
    expect(moved.points[1]).toMatchObject({ value: 300, opacity: 0.3 });
    expect(valuesOf(movePoint(bone, HU, 1, 5000, 2))[1]).toBeCloseTo(480 - 4.095, 6);
    expect(movePoint(bone, HU, 1, 5000, 2).points[1]?.opacity).toBe(1);
    expect(valuesOf(movePoint(bone, HU, 0, -9999, -1))[0]).toBe(-1024);
    expect(valuesOf(bone)[1]).toBe(260);
  });
  it('of presets in parts of the range keep being parts of it', () => {
    const range = { low: 100, high: 300 };
    expect(toImage(surface, range, 0.25)).toBe(150);
    expect(fromImage(surface, range, 150)).toBe(0.25);
    expect(movePoint(surface, range, 1, 160, 0.2).points[1]).toMatchObject({ value: 0.3, opacity: 0.2 });
  });
  it('are added without a change of the picture, and not twice in one place', () => {
    const made = addPoint(bone, HU, 370);
    expect(made?.index).toBe(2);
    expect(valuesOf(made?.preset as VolumePreset)).toEqual([140, 260, 370, 480, 1200]);
    expect(made?.preset.points[2]?.opacity).toBeCloseTo((0.08 + 0.45) / 2, 9);
    expect(transferTable(made?.preset as VolumePreset, HU, 0, 1)).toEqual(transferTable(bone, HU, 0, 1));
    expect(addPoint(bone, HU, 261)).toBeUndefined();
    expect(addPoint(bone, HU, 2000)?.index).toBe(4);
  });
  it('are removed, but for two', () => {
    expect(valuesOf(removePoint(bone, 1))).toEqual([140, 480, 1200]);
    const two = removePoint(removePoint(bone, 1), 1);
    expect(removePoint(two, 0)).toBe(two);
  });
  it('are painted', () => {
    const painted = paintPoint(bone, 0, '#0a80ff');
    expect(colourOf(painted.points[0] as (typeof painted.points)[number])).toBe('#0a80ff');
    expect([...transferTable(painted, HU, 0, 1).subarray(0, 3)]).toEqual([10, 128, 255]);
  });
  it('are read in between', () => {
    expect(pointAt(bone, 200).opacity).toBeCloseTo(0.04, 9);
    expect(pointAt(bone, -500).opacity).toBe(0);
    expect(pointAt(bone, 3000).opacity).toBe(0.85);
    expect(opacityOf(heightOf(0.012))).toBeCloseTo(0.012, 9);
  });
});
