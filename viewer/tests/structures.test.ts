import { describe, expect, it } from 'vitest';
import type { DataSet } from '../src/core/dicom-json';
import { cross, type Vector } from '../src/core/geometry';
import type { ImagePlane } from '../src/core/plane';
import { colourOfLab } from '../src/core/structures/cielab';
import { maskOfStack, middleOf, nearPlane, planeArea, ringsOn, stackOf, stackVolume } from '../src/core/structures/contours';
import { isolines } from '../src/core/structures/isolines';
import { maskOutline } from '../src/core/structures/mask-outline';
import { masksOf, readSegmentation, type SegmentFrame, type Segmentation } from '../src/core/structures/segmentation';
import { cropped, gridOf, measureMask, middleOfMask, sampleMask, uncropped, type MaskSlice } from '../src/core/structures/slice-grid';
import { readStructureSet, type Contour } from '../src/core/structures/structure-set';
import { dataSet } from './builders';

const plane = (origin: Vector, extra: Partial<ImagePlane> = {}): ImagePlane => {
  const { row, column } = { row: [1, 0, 0] as Vector, column: [0, 1, 0] as Vector, ...extra };
  return { origin, row, column, normal: cross(row, column), columnStep: 2, rowStep: 2, columns: 10, rows: 8, FrameOfReferenceUID: '1.9', ...extra };
};

const planes = [0, 3, 6].map((z) => plane([0, 0, z]));
const box = (columns: number, rows: number, left: number, top: number, right: number, bottom: number): Uint8Array => Uint8Array.from({ length: columns * rows }, (_, at) => (at % columns >= left && at % columns <= right && Math.floor(at / columns) >= top && Math.floor(at / columns) <= bottom ? 255 : 0));
const whole = gridOf(planes, 3);
const GRID = 'grid' in whole ? whole.grid : undefined;
const grid = GRID as NonNullable<typeof GRID>;
const slices = new Map([[0, cropped(box(10, 8, 2, 1, 5, 4), 10) as MaskSlice], [2, cropped(box(10, 8, 2, 1, 3, 2), 10) as MaskSlice]]);

describe('colours', () => {
  it('are converted from CIELab by the numbers of the standard', () => {
    expect(colourOfLab([65535, 32896, 32896])).toBe('#ffffff');
    expect(colourOfLab([0, 32896, 32896])).toBe('#000000');
    expect(colourOfLab([35580, 53665, 50856])).toBe('#ff0000');
    expect(colourOfLab([1, 2])).toBeUndefined();
  });
});

describe('masks on slices', () => {
  it('measure voxels, volume and middle', () => {
    const { voxels, volume, middle } = measureMask(grid, slices);
    expect([voxels, volume]).toEqual([20, (20 * 2 * 2 * 3) / 1000]);
    expect(middle?.map((v) => Math.round(v * 10) / 10)).toEqual([6.6, 4.6, 1.2]);
    expect(middleOfMask(grid, slices)).toEqual([7, 5, 0]);
  });

  it('are cut out and put back whole', () => {
    const before = box(10, 8, 2, 1, 5, 4);
    expect(uncropped(cropped(before, 10) as MaskSlice, 10, 8)).toEqual(before);
    expect(cropped(new Uint8Array(80), 10)).toBeUndefined();
  });

  it('appear on their own slices pixel by pixel and nowhere else', () => {
    expect(sampleMask(grid, slices, plane([0, 0, 0]))).toEqual(box(10, 8, 2, 1, 5, 4));
    expect(sampleMask(grid, slices, plane([0, 0, 3]))).toBeUndefined();
    expect(sampleMask(grid, slices, plane([0, 0, 7.4]))).toEqual(box(10, 8, 2, 1, 3, 2));
    expect(sampleMask(grid, slices, plane([0, 0, 9]))).toBeUndefined();
  });

  it('are cut by nearest neighbour across the slices', () => {
    const cut = sampleMask(grid, slices, plane([0, 4, -2], { column: [0, 0, 1], columns: 20, rows: 12, columnStep: 1, rowStep: 1 })) as Uint8Array;
    const row = (z: number): number => cut.subarray((z + 2) * 20, (z + 3) * 20).filter((v) => v > 0).length;
    expect([-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8].map(row)).toEqual([0, 8, 8, 8, 0, 0, 0, 4, 4, 4, 0]);
  });

  it('take the step of slices from where they lie when the header contradicts it', () => {
    const of = (said: number | undefined): number => { const made = gridOf(planes, said); return 'grid' in made ? made.grid.thickness : NaN; };
    expect([of(undefined), of(1.5), of(2.4), of(5)]).toEqual([3, 1.5, 3, 3]);
    expect(gridOf([plane([0, 0, 0]), plane([0, 0, 3], { row: [0, 1, 0], column: [0, 0, 1] })], 1)).toEqual({ reason: 'its frames are not parallel' });
  });

  it('have a border of straight runs', () => {
    expect(maskOutline(box(4, 4, 1, 1, 2, 2), 4, 4).length / 4).toBe(4);
    expect(maskOutline(new Uint8Array(16), 4, 4).length).toBe(0);
  });
});

const square = (x: number, y: number, side: number, z: number): Contour => ({ type: 'CLOSED', points: [[x, y, z], [x + side, y, z], [x + side, y + side, z], [x, y + side, z]] });

describe('contours', () => {
  const made = stackOf([square(0, 0, 20, 0), square(5, 5, 10, 0), square(0, 0, 20, 2.5), square(30, 0, 4, 2.5)], '1.9');
  const stack = made?.stack as NonNullable<typeof made>['stack'];

  it('know holes, several parts and the distance between planes', () => {
    expect(stack.planes.map(planeArea)).toEqual([300, 416]);
    expect(stackVolume(stack)).toBeCloseTo((716 * 2.5) / 1000, 9);
    expect(made?.leftOut).toBe(0);
    expect(middleOf(stack)[2]).toBe(2.5);
  });

  it('with a keyhole are the same as with a hole', () => {
    const points: Vector[] = [[0, 0], [20, 0], [20, 20], [10, 20], [10, 15], [15, 15], [15, 5], [5, 5], [5, 15], [10, 15], [10, 20], [0, 20]].map(([x, y]): Vector => [x as number, y as number, 0]);
    const keyhole = stackOf([{ type: 'CLOSED', points }], '1')?.stack;
    expect(keyhole && planeArea(keyhole.planes[0] as (typeof keyhole.planes)[0])).toBeCloseTo(300, 9);
  });

  it('are shown on their plane as lines and cut across as masks', () => {
    expect(ringsOn(stack, plane([0, 0, 0]))?.map((ring) => ring.length)).toEqual([4, 4]);
    expect(ringsOn(stack, plane([0, 0, 0]))?.[0]?.map(([x, y]) => [x + 0, y + 0])).toEqual([[0, 0], [10, 0], [10, 10], [0, 10]]);
    expect(ringsOn(stack, plane([0, 0, 9]))).toEqual([]);
    const coronal = plane([0, 10, -5], { column: [0, 0, 1], columns: 30, rows: 20, columnStep: 1, rowStep: 0.5 });
    expect(ringsOn(stack, coronal)).toBeUndefined();
    const { grid: fine, slices: filled } = maskOfStack(stack, 0.25);
    const cut = sampleMask(fine, filled, coronal) as Uint8Array;
    const row = (z: number): number => cut.subarray((z + 5) * 2 * 30, (z + 5) * 2 * 30 + 30).filter((v) => v > 0).length;
    expect([row(-2), row(3), row(4)]).toEqual([0, 21, 0]);
    expect([row(0), row(1)].every((count) => count >= 10 && count <= 12)).toBe(true);
  });

  it('of one that leaves its plane are left out', () => {
    const bent: Contour = { type: 'CLOSED', points: [[0, 0, 0], [10, 0, 4], [10, 10, 4], [0, 10, 0]] };
    expect(stackOf([square(0, 0, 20, 0), bent], '1')?.leftOut).toBe(1);
  });

  it('that are open or points are shown near the plane', () => {
    expect(nearPlane([[4, 4, 1]], plane([0, 0, 0]), 1.25)).toEqual([[[2, 2]]]);
    expect(nearPlane([[4, 4, 2]], plane([0, 0, 0]), 1.25)).toEqual([]);
    expect(nearPlane([[0, 0, -10], [20, 0, 10]], plane([0, 0, 0]), 1)).toEqual([[[4.5, 0], [5.5, 0]]]);
  });

  it('are read with name, colour, purpose and space', () => {
    const roi = dataSet({ ROINumber: 3, ROIName: 'Heart', ReferencedFrameOfReferenceUID: '1.9' });
    const drawn = dataSet({ ReferencedROINumber: 3, ROIDisplayColor: [255, 128, 0], ContourSequence: [dataSet({ ContourGeometricType: 'CLOSED_PLANAR', ContourData: [0, 0, 0, 4, 0, 0, 4, 4, 0] }), dataSet({ ContourGeometricType: 'POINT', ContourData: [1, 2, 3] })] });
    const kind = dataSet({ ReferencedROINumber: 3, RTROIInterpretedType: 'ORGAN' });
    const [region] = readStructureSet(dataSet({ StructureSetROISequence: [roi], ROIContourSequence: [drawn], RTROIObservationsSequence: [kind] }));
    expect(region).toMatchObject({ number: 3, name: 'Heart', property: 'ORGAN', colour: '#ff8000', FrameOfReferenceUID: '1.9' });
    expect(region?.contours.map(({ type, points }) => [type, points.length])).toEqual([['CLOSED', 3], ['POINT', 1]]);
  });
});

describe('isolines', () => {
  it('lie where the value is met', () => {
    const values = Float32Array.from({ length: 25 }, (_, at) => at % 5);
    expect([...isolines(values, 5, 5, 1.25)].filter((_, at) => at % 2 === 0).every((x) => Math.abs(x - 1.25) < 1e-6)).toBe(true);
    expect(isolines(values, 5, 5, 9).length).toBe(0);
  });

  it('part at a saddle as its middle says', () => {
    expect([...isolines(Float32Array.from([2, 0, 0, 2]), 2, 2, 1.5)]).toEqual([0.25, 0, 0, 0.25, 0.75, 1, 1, 0.75]);
    expect([...isolines(Float32Array.from([2, 0, 0, 2]), 2, 2, 0.5)]).toEqual([0.75, 0, 1, 0.25, 0.25, 1, 0, 0.75]);
  });
});

const seg = (extra: object = {}): DataSet => dataSet({ Rows: 2, Columns: 3, BitsAllocated: 1, NumberOfFrames: 1, SegmentationType: 'BINARY', SegmentSequence: [dataSet({ SegmentNumber: 1, SegmentLabel: 'Liver' })], ...extra });

describe('segmentations', () => {
  it('say why they are not shown', () => {
    const reason = (extra: object): string => { const read = readSegmentation(seg(extra)); return 'reason' in read ? read.reason : ''; };
    expect(reason({})).toBe('');
    expect(reason({ TotalPixelMatrixColumns: 100 })).toContain('whole slide');
    expect(reason({ SegmentationType: 'SURFACE' })).toContain('SURFACE');
    expect(reason({ SegmentSequence: [] })).toBe('it names no segment');
  });

  it('are unpacked from bits, fractions and labels', () => {
    const frame: SegmentFrame = { frame: 1, segment: 1, plane: undefined, sources: [] };
    const of = (extra: object, ...bytes: number[]): [number, number[]][] => [...masksOf(readSegmentation(seg(extra)) as Segmentation, frame, Uint8Array.from(bytes))].map(([number, mask]) => [number, [...mask]]);
    expect(of({}, 0b101001)).toEqual([[1, [255, 0, 0, 255, 0, 255]]]);
    expect(of({}, 0)).toEqual([]);
    expect(of({ BitsAllocated: 8, SegmentationType: 'FRACTIONAL', MaximumFractionalValue: 200 }, 0, 100, 200, 0, 0, 50)).toEqual([[1, [0, 128, 255, 0, 0, 64]]]);
    const two = { SegmentationType: 'LABELMAP', SegmentSequence: [0, 1, 300].map((SegmentNumber) => dataSet({ SegmentNumber })) };
    expect(of({ ...two, BitsAllocated: 16 }, 1, 0, 44, 1, 0, 0, 7, 0, 1, 0, 0, 0)).toEqual([[1, [255, 0, 0, 0, 255, 0]], [300, [0, 255, 0, 0, 0, 0]]]);
    expect(() => of({ BitsAllocated: 8, SegmentationType: 'FRACTIONAL' }, 1)).toThrow('cut off');
  });
});
