import { expect, test } from 'vitest';
import type { Vector } from '../src/core/geometry';
import { evenSeconds, niftiHeader, reasonAgainstNifti } from '../src/core/nifti';
import { voxelToPatient, type VolumeGeometry } from '../src/core/volume';

const even: VolumeGeometry = { columns: 7, rows: 5, origin: [10, -20, 30], row: [0.8, 0.6, 0], column: [0, 0, -1], columnStep: 0.5, rowStep: 2, line: [-0.6, 0.8, 0], places: [0, 3, 6, 9], FrameOfReferenceUID: '1.9' };
const HEAD_FIRST: VolumeGeometry = { ...even, row: [1, 0, 0], column: [0, 1, 0], line: [0, 0, 1] };
const TURNED: VolumeGeometry = { ...even, row: [-1, 0, 0], column: [0, -1, 0], line: [0, 0, 1] };
const stored = { floating: false, slope: 2, intercept: -1024, phases: 1 };

const read = (bytes: Uint8Array): DataView => new DataView(bytes.buffer);

/** Where a voxel lies by the turn and by the matrix of a header, in patient coordinates of DICOM. */
function places(view: DataView, [i, j, k]: Vector): Vector[] {
  const float = (at: number): number => view.getFloat32(at, true);
  const rows = [0, 1, 2].map((axis) => [0, 1, 2, 3].map((column) => float(280 + 16 * axis + 4 * column)) as [number, number, number, number]);
  const byMatrix = rows.map(([x, y, z, w]) => x * i + y * j + z * k + w);
  const [b, c, d] = [float(256), float(260), float(264)];
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const [x, y, z] = [i * float(80), j * float(84), k * float(88) * float(76)];
  const turn = [[a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)], [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)], [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c]] as const;
  const byTurn = turn.map(([p, q, r], axis) => p * x + q * y + r * z + float(268 + 4 * axis));
  return [byMatrix, byTurn].map(([right, front, up]) => [-(right as number), -(front as number), up as number]);
}

test.each([['oblique', even], ['straight', HEAD_FIRST], ['turned by half', TURNED]])('a voxel lies where it does in the patient: %s', (_, geometry) => {
  const view = read(niftiHeader(geometry, stored));
  for (const [i, j, k] of [[0, 0, 0], [6, 4, 3], [2, 1, 3]] as const) {
    for (const found of places(view, [i, j, k])) voxelToPatient(geometry, [i, j, geometry.places[k] as number]).forEach((value, axis) => expect(found[axis]).toBeCloseTo(value, 4));
  }
});

test('the header says what follows, and not whose it is', () => {
  const view = read(niftiHeader(even, stored));
  expect([view.byteLength, view.getInt32(0, true), view.getFloat32(108, true)]).toEqual([352, 348, 352]);
  expect([0, 1, 2, 3, 4].map((at) => view.getInt16(40 + 2 * at, true))).toEqual([3, 7, 5, 4, 1]);
  expect([view.getInt16(70, true), view.getInt16(72, true), view.getFloat32(112, true), view.getFloat32(116, true)]).toEqual([4, 16, 2, -1024]);
  expect(new TextDecoder().decode(new Uint8Array(view.buffer, 344, 4))).toBe('n+1\0');
  // data_type, db_name, descrip, aux_file, intent_name.
  for (const [from, to] of [[4, 32], [148, 252], [328, 344]] as const) expect(new Uint8Array(view.buffer, from, to - from).every((byte) => byte === 0)).toBe(true);
});

test('phases are the fourth dimension, in seconds where they are moments', () => {
  const view = read(niftiHeader(even, { floating: true, slope: 2, intercept: 1, phases: 8, seconds: evenSeconds([0, 2500, 5000]) }));
  expect([0, 4].map((at) => view.getInt16(40 + 2 * at, true))).toEqual([4, 8]);
  expect([view.getFloat32(92, true), view.getUint8(123), view.getInt16(70, true), view.getFloat32(112, true), view.getFloat32(116, true)]).toEqual([2.5, 10, 16, 1, 0]);
  expect([evenSeconds([0, 40, 100]), evenSeconds(undefined)]).toEqual([undefined, undefined]);
});

test('what the format cannot say is refused', () => {
  expect(reasonAgainstNifti(even)).toBeUndefined();
  expect(reasonAgainstNifti({ ...even, places: [0, 2.98, 6.01, 9] })).toBeUndefined();
  expect(reasonAgainstNifti({ ...even, places: [0, 3, 9, 12] })).toBe('A NIfTI file has slices at one distance: these lie 3.00 to 6.00 mm apart');
  const tilted = [-0.6 * Math.cos(0.3), 0.8 * Math.cos(0.3), Math.sin(0.3)] as const;
  expect(reasonAgainstNifti({ ...even, line: tilted })).toBe('A NIfTI file has slices straight above each other: these are shifted by a gantry tilt of 17.2°');
});
