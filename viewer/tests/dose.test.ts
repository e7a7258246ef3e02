import { describe, expect, it } from 'vitest';
import type { Vector } from '../src/core/geometry';
import type { ImagePlane } from '../src/core/plane';
import { stackOf, type ContourStack } from '../src/core/structures/contours';
import { doseAt, doseGeometry, dosePlane, fillDose, prescriptionOf, type DoseGeometry, type DoseGrid } from '../src/core/structures/dose-grid';
import { doseOfVolume, dvhOf, volumeOfDose, type Dvh } from '../src/core/structures/dvh';
import { curvesCsv, dvhColumns, storedDvhs, tableCsv, tableDoses } from '../src/core/structures/dvh-table';
import { gridOf, wholeSlice } from '../src/core/structures/slice-grid';
import { dataSet } from './builders';

const [COLUMNS, ROWS, FRAMES] = [12, 11, 9];
const header = (extra: object = {}): ReturnType<typeof dataSet> =>
  dataSet({ Rows: ROWS, Columns: COLUMNS, NumberOfFrames: FRAMES, BitsAllocated: 16, PixelRepresentation: 0, PixelData: null, PixelSpacing: [4, 3], ImagePositionPatient: [-10, -20, 30], ImageOrientationPatient: [1, 0, 0, 0, 1, 0], GridFrameOffsetVector: Array.from({ length: FRAMES }, (_, k) => k * 5), DoseGridScaling: 0.001, DoseUnits: 'GY', FrameOfReferenceUID: '1.9', ...extra });

const geometry = (extra: object = {}): DoseGeometry => {
  const made = doseGeometry(header(extra));
  if ('reason' in made) throw new Error(made.reason);
  return made;
};

/** Stored values that rise by 100 a column, 10 a row, 1000 a frame. */
const frames = Array.from({ length: FRAMES }, (_, k) => new Uint8Array(Uint16Array.from({ length: COLUMNS * ROWS }, (_v, at) => 100 * (at % COLUMNS) + 10 * Math.floor(at / COLUMNS) + 1000 * k).buffer));
const made = (extra: object = {}): DoseGrid => fillDose(geometry(extra), header(extra), frames);
const expected = ([x, y, z]: Vector): number => 0.1 * ((x + 10) / 3) + 0.01 * ((y + 20) / 4) + (z - 30) / 5;

describe('a dose grid', () => {
  it('is scaled and interpolated between its points', () => {
    const grid = made();
    for (const place of [[-10, -20, 30], [-2.5, 3, 41], [22.9, 19.9, 69]] as Vector[]) expect(doseAt(grid, place)).toBeCloseTo(expected(place), 5);
    expect(doseAt(grid, [-10, -20, 29])).toBeNaN();
    expect(doseAt(grid, [24, 0, 40])).toBeNaN();
    expect([grid.unit, Number(grid.most.toFixed(3))]).toEqual(['Gy', 9.2]);
  });

  it('understands both meanings of Grid Frame Offset Vector, in either direction', () => {
    const places = (GridFrameOffsetVector: number[], extra: object = {}): readonly number[] => geometry({ GridFrameOffsetVector, NumberOfFrames: GridFrameOffsetVector.length, ...extra }).places;
    expect(places([0, 5, 10])).toEqual([0, 5, 10]);
    expect(places([30, 35, 40])).toEqual([0, 5, 10]);
    expect(places([0, -5, -10])).toEqual([-10, -5, 0]);
    expect(geometry({ GridFrameOffsetVector: [0, -5, -10], NumberOfFrames: 3 }).frames).toEqual([2, 1, 0]);
    expect(places([30, 25, 20], { ImageOrientationPatient: [1, 0, 0, 0, -1, 0] })).toEqual([0, 5, 10]);
    expect(doseGeometry(header({ GridFrameOffsetVector: [7, 12, 17], NumberOfFrames: 3 }))).toMatchObject({ reason: expect.stringContaining('Offset') as string });
    expect(doseGeometry(header({ GridFrameOffsetVector: [30, 35, 40], NumberOfFrames: 3, ImageOrientationPatient: [1, 0, 0, 0, 0, -1] }))).toHaveProperty('reason');
  });

  it('may be turned: planes follow its own normal', () => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    const grid = made({ ImageOrientationPatient: [1, 0, 0, 0, c, s] });
    const at = (i: number, j: number, k: number): Vector => [-10 + 3 * i, -20 + 4 * j * c - 5 * k * s, 30 + 4 * j * s + 5 * k * c];
    expect(doseAt(grid, at(2, 3, 4))).toBeCloseTo(0.2 + 0.03 + 4, 5);
    expect(doseAt(grid, at(2.5, 0.5, 1.5))).toBeCloseTo(0.25 + 0.005 + 1.5, 5);
  });

  it('is cut by any plane', () => {
    const plane: ImagePlane = { origin: [-10, -20, 32], row: [1, 0, 0], column: [0, 1, 0], normal: [0, 0, 1], columnStep: 0.5, rowStep: 0.5, columns: 40, rows: 30, FrameOfReferenceUID: '1.9' };
    const cut = dosePlane(made(), plane);
    expect(cut?.step).toBe(3);
    expect(cut?.values[2 * cut.columns + 4]).toBeCloseTo(expected([-4, -17, 32]), 5);
    expect(dosePlane(made(), { ...plane, origin: [-10, -20, 300] })).toBeUndefined();
  });

  it('takes its reference from the plan', () => {
    const plan = dataSet({ DoseReferenceSequence: [dataSet({ TargetPrescriptionDose: 50 }), dataSet({ TargetPrescriptionDose: 60 }), dataSet({})] });
    expect(prescriptionOf(plan)?.dose).toBe(60);
    expect(prescriptionOf(dataSet({}))).toBeUndefined();
  });
});

const square = (z: number): { type: 'CLOSED'; points: Vector[] } => ({ type: 'CLOSED', points: [[-4, -10, z], [14, -10, z], [14, 10, z], [-4, 10, z]] });
const stack = stackOf([40, 45, 50, 55].map(square), '1.9')?.stack as ContourStack;

describe('a dose-volume histogram', () => {
  const dvh = dvhOf({ kind: 'contours', stack }, made()) as Dvh;

  it('is right for a dose that rises linearly', () => {
    expect(dvh.volume).toBeCloseTo((18 * 20 * 20) / 1000, 2);
    expect(dvh.mean).toBeCloseTo(expected([5, 0, 47.5]), 2);
    expect(dvh.outside).toBe(0);
    expect(Math.abs(doseOfVolume(dvh, 50) - expected([5, 0, 47.5]))).toBeLessThan(0.02);
    expect(volumeOfDose(dvh, 0)).toBeCloseTo(100, 6);
    expect(volumeOfDose(dvh, doseOfVolume(dvh, 95))).toBeCloseTo(95, 1);
    expect(volumeOfDose(dvh, 99)).toBe(0);
  });

  it('is the same for a mask of the same place', () => {
    const planes = [40, 45, 50, 55].map((z): ImagePlane => ({ origin: [-10, -20, z], row: [1, 0, 0], column: [0, 1, 0], normal: [0, 0, 1], columnStep: 1, rowStep: 1, columns: 40, rows: 40, FrameOfReferenceUID: '1.9' }));
    const answer = gridOf(planes, 5);
    const grid = 'grid' in answer ? answer.grid : undefined;
    const mask = Uint8Array.from({ length: 1600 }, (_, at) => (at % 40 >= 6 && at % 40 < 24 && Math.floor(at / 40) >= 10 && Math.floor(at / 40) < 30 ? 255 : 0));
    const other = dvhOf({ kind: 'mask', grid: grid as NonNullable<typeof grid>, slices: new Map([0, 1, 2, 3].map((k) => [k, wholeSlice(mask, 40)])) }, made()) as Dvh;
    expect(other.volume).toBeCloseTo(dvh.volume, 2);
    expect(other.mean).toBeCloseTo(expected([4.5, -0.5, 47.5]), 2);
    for (const percent of [98, 95, 50, 2]) expect(Math.abs(doseOfVolume(other, percent) - doseOfVolume(dvh, percent))).toBeLessThan(0.05);
  });

  it('tells what lies outside the grid', () => {
    const beside = dvhOf({ kind: 'contours', stack: stackOf([25, 30, 35].map(square), '1')?.stack as ContourStack }, made());
    expect(beside && beside.outside / beside.volume).toBeCloseTo(0.5, 1);
    expect(dvhOf({ kind: 'contours', stack: stackOf([500, 505].map(square), '1')?.stack as ContourStack }, made())).toBeUndefined();
  });

  it('goes out as CSV', () => {
    const columns = dvhColumns('Gy', tableDoses(9.2));
    const csv = tableCsv([{ name: '=1+"2"', colour: '#fff', dvh }], columns).split('\r\n');
    expect(csv[0]).toBe('"Structure","Volume (ml)","Min (Gy)","Mean (Gy)","Max (Gy)","D98% (Gy)","D95% (Gy)","D50% (Gy)","D2% (Gy)","V2Gy (%)","V4Gy (%)","V6Gy (%)","V8Gy (%)","Outside the dose grid (ml)"');
    expect(csv[1]?.startsWith('"\'=1+""2""",7.2')).toBe(true);
    expect(curvesCsv([{ name: 'A', colour: '', dvh }], 'Gy', 9.2).split('\r\n')).toHaveLength(103);
  });

  it('is read where the object has stored one, cumulative or differential', () => {
    const item = (DVHType: string, DVHData: number[]): ReturnType<typeof dataSet> => dataSet({ DVHType, DVHData, DVHDoseScaling: 2, DVHMeanDose: 3, DVHReferencedROISequence: [dataSet({ ReferencedROINumber: 7 })] });
    const points = (type: string, data: number[]): (number | undefined)[][] | undefined => storedDvhs(dataSet({ DVHSequence: [item(type, data)] })).get(7)?.points.map(({ dose, percent }) => [dose, percent]);
    expect(points('CUMULATIVE', [0.5, 8, 0.5, 4, 1, 2])).toEqual([[0, 100], [1, 50], [2, 25]]);
    expect(points('DIFFERENTIAL', [0.5, 4, 0.5, 2, 1, 2])).toEqual([[0, 100], [1, 50], [2, 25]]);
    expect(storedDvhs(dataSet({ DVHSequence: [item('NATURAL', [1, 1])] })).size).toBe(0);
  });
});
