// The header of a NIfTI-1 file (.nii) of a volume, or of its phases: voxels in the order of columns, rows, slices, phases;
// where they lie in the patient, to the right, in front and up (RAS). Its texts, which could say whose it is, stay empty. Pure.

import { cross, dot, length, type Vector } from './geometry';
import { fixed, t } from './language';
import { scaled } from './plane';
import { voxelToPatient, type VolumeGeometry } from './volume';

export interface NiftiContent {
  /** Real values as 32-bit floats; else stored values as 16-bit signed integers. */
  floating: boolean;
  /** From stored to real values. */
  slope: number;
  intercept: number;
  /** More than one make a file of four dimensions. */
  phases: number;
  /** Seconds from phase to phase, where they are moments at one distance. */
  seconds?: number | undefined;
}

const HEADER = 348;
/** Behind the header come four bytes that say there are no extensions. */
const VOXELS_FROM = 352;
const [INT16, FLOAT32] = [4, 16];
const [MILLIMETRES, SECONDS] = [2, 8];
/** What the coordinates are those of. */
const SCANNER = 1;
const MAGIC = [0x6e, 0x2b, 0x31, 0];

/** A slice may lie beside its place by so many mm, or by so much of the distance between slices. */
const [BESIDE, BESIDE_PART] = [0.05, 0.02];
/** Degrees by which slices may be shifted against each other. */
const TILT = 0.5;

const stepOf = ({ places }: VolumeGeometry): number => (places.at(-1) as number) / (places.length - 1);

/** Why a volume cannot be written: the format knows one distance between slices, and most programs that read it no tilt. */
export function reasonAgainstNifti(geometry: VolumeGeometry): string | undefined {
  const { places, row, column, line } = geometry;
  const step = stepOf(geometry);
  const steps = places.slice(1).map((place, index) => place - (places[index] as number));
  const astray = Math.max(...places.map((place, index) => Math.abs(place - index * step)));
  if (astray > Math.max(BESIDE, BESIDE_PART * step)) return t('A NIfTI file has slices at one distance: these lie {low} to {high} mm apart', { low: fixed(Math.min(...steps), 2), high: fixed(Math.max(...steps), 2) });
  const normal = cross(row, column);
  const tilt = (Math.acos(Math.min(1, Math.abs(dot(line, normal)) / length(normal))) * 180) / Math.PI;
  return tilt > TILT ? t('A NIfTI file has slices straight above each other: these are shifted by a gantry tilt of {tilt}°', { tilt: fixed(tilt, 1) }) : undefined;
}

/** Seconds from phase to phase; undefined where they are no moments or not at one distance. */
export function evenSeconds(times: readonly number[] | undefined): number | undefined {
  if (!times || times.length < 2) return undefined;
  const step = ((times.at(-1) as number) - (times[0] as number)) / (times.length - 1);
  return times.every((time, index) => Math.abs(time - (times[0] as number) - index * step) <= 0.01 * step) ? step / 1000 : undefined;
}

/** From patient coordinates of DICOM (left, behind, up) to those of NIfTI. */
const ras = ([left, behind, up]: Vector): Vector => [-left, -behind, up];

type Write = (at: number, values: readonly number[]) => void;

export function niftiHeader(geometry: VolumeGeometry, { floating, slope, intercept, phases, seconds }: NiftiContent): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(VOXELS_FROM);
  const view = new DataView(bytes.buffer);
  const { columns, rows, places, columnStep, rowStep } = geometry;
  const shorts: Write = (at, values) => values.forEach((value, index) => view.setInt16(at + 2 * index, value, true));
  const floats: Write = (at, values) => values.forEach((value, index) => view.setFloat32(at + 4 * index, value, true));
  view.setInt32(0, HEADER, true);
  shorts(40, [phases > 1 ? 4 : 3, columns, rows, places.length, phases, 1, 1, 1]);
  shorts(70, [floating ? FLOAT32 : INT16, floating ? 32 : 16]);
  // The first tells that columns, rows and slices are right-handed, as they always are here.
  floats(76, [1, columnStep, rowStep, stepOf(geometry), seconds ?? 1, 0, 0, 0]);
  floats(108, [VOXELS_FROM, floating ? 1 : slope, floating ? 0 : intercept]);
  view.setUint8(123, seconds === undefined ? MILLIMETRES : MILLIMETRES | SECONDS);
  shorts(252, [SCANNER, SCANNER]);
  writePlace(geometry, floats);
  bytes.set(MAGIC, 344);
  return bytes;
}

/** Twice: as a turn with an offset (qform), and as a matrix (sform). */
function writePlace(geometry: VolumeGeometry, floats: Write): void {
  const { row, column, line, columnStep, rowStep } = geometry;
  const origin = ras(voxelToPatient(geometry, [0, 0, 0]));
  floats(256, [...quaternion([ras(row), ras(column), ras(cross(row, column))]), ...origin]);
  const columns = [scaled(ras(row), columnStep), scaled(ras(column), rowStep), scaled(ras(line), stepOf(geometry)), origin];
  [0, 1, 2].forEach((axis) => floats(280 + 16 * axis, columns.map((part) => part[axis] as number)));
}

/** b, c and d of the turn whose columns are given; a, which is not negative, is what they leave to a length of 1. */
function quaternion(columns: readonly [Vector, Vector, Vector]): [number, number, number] {
  const at = (row: number, column: number): number => (columns[column] as Vector)[row] as number;
  const [x, y, z] = [at(0, 0), at(1, 1), at(2, 2)];
  const [p, q, r] = [at(2, 1) - at(1, 2), at(0, 2) - at(2, 0), at(1, 0) - at(0, 1)];
  const [xy, xz, yz] = [at(0, 1) + at(1, 0), at(0, 2) + at(2, 0), at(1, 2) + at(2, 1)];
  // Each row is the same turn times four of its parts; the longest row loses no digits.
  const rows = [[1 + x + y + z, p, q, r], [p, 1 + x - y - z, xy, xz], [q, xy, 1 - x + y - z, yz], [r, xz, yz, 1 - x - y + z]] as const;
  const longest = rows.reduce((best, row) => (Math.hypot(...row) > Math.hypot(...best) ? row : best));
  const size = Math.hypot(...longest) * (longest[0] < 0 ? -1 : 1);
  return [longest[1] / size, longest[2] / size, longest[3] / size];
}
