// How large a pixel is, and who says so. Nothing may print mm without one of these sources (PS3.3 C.7.6.3, 10.7, C.8.5.5).

import { items, number, numbers, text, type DataSet } from './dicom-json';

export interface Spacing {
  /** mm between rows (vertical) and columns (horizontal). */
  row: number;
  column: number;
  /** What the number refers to: "" where it is the patient itself. */
  provenance: '' | 'at detector' | 'magnified' | 'calibrated' | 'fiducials' | 'at scanner' | 'US region';
}

export interface UltrasoundRegion {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  row: number;
  column: number;
}

const CENTIMETRES = 3;
const TISSUE = 1;

/** Regions of a 2D tissue image measured in cm on both axes, deltas in mm. */
export function ultrasoundRegions(dataSet: DataSet): UltrasoundRegion[] {
  return items(dataSet, 'SequenceOfUltrasoundRegions')
    .filter(
      (region) =>
        number(region, 'RegionSpatialFormat') === TISSUE &&
        number(region, 'PhysicalUnitsXDirection') === CENTIMETRES &&
        number(region, 'PhysicalUnitsYDirection') === CENTIMETRES,
    )
    .map((region) => ({
      x0: number(region, 'RegionLocationMinX0') ?? 0,
      y0: number(region, 'RegionLocationMinY0') ?? 0,
      x1: number(region, 'RegionLocationMaxX1') ?? 0,
      y1: number(region, 'RegionLocationMaxY1') ?? 0,
      row: Math.abs(number(region, 'PhysicalDeltaY') ?? 0) * 10,
      column: Math.abs(number(region, 'PhysicalDeltaX') ?? 0) * 10,
    }))
    .filter((region) => region.row > 0 && region.column > 0);
}

function pair(values: readonly number[]): [number, number] | undefined {
  const [row, column] = values;
  return row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : undefined;
}

const PROJECTION = new Set(['CR', 'DX', 'MG', 'XA', 'RF', 'PX', 'IO', 'RG']);

function fromPixelSpacing([row, column]: [number, number], dataSet: DataSet): Spacing {
  const calibration = text(dataSet, 'PixelSpacingCalibrationType');
  if (calibration === 'FIDUCIAL') return { row, column, provenance: 'fiducials' };
  if (calibration === 'GEOMETRY') return { row, column, provenance: 'calibrated' };
  const imager = pair(numbers(dataSet, 'ImagerPixelSpacing'));
  if (!imager) return { row, column, provenance: PROJECTION.has(text(dataSet, 'Modality')) ? 'at detector' : '' };
  const same = Math.abs(imager[0] - row) < 1e-6 * row && Math.abs(imager[1] - column) < 1e-6 * column;
  return { row, column, provenance: same ? 'at detector' : 'calibrated' };
}

/**
 * The spacing in force. `PixelSpacing` is that of the frame (it may stand in a functional group).
 * `pixel` chooses the ultrasound region; without one the largest region counts.
 */
export function spacingOf(dataSet: DataSet, PixelSpacing: readonly number[], pixel?: readonly [number, number]): Spacing | undefined {
  const regions = ultrasoundRegions(dataSet);
  if (regions.length > 0) {
    const inside = pixel && regions.filter((r) => pixel[0] >= r.x0 && pixel[0] <= r.x1 && pixel[1] >= r.y0 && pixel[1] <= r.y1);
    const region = (inside ?? regions).reduce<UltrasoundRegion | undefined>((best, r) => (!best || area(r) > area(best) ? r : best), undefined);
    return region && { row: region.row, column: region.column, provenance: 'US region' };
  }
  const spacing = pair(PixelSpacing);
  if (spacing) return fromPixelSpacing(spacing, dataSet);
  const imager = pair(numbers(dataSet, 'ImagerPixelSpacing'));
  if (imager) {
    const factor = number(dataSet, 'EstimatedRadiographicMagnificationFactor');
    if (factor !== undefined && factor > 0) return { row: imager[0] / factor, column: imager[1] / factor, provenance: 'magnified' };
    return { row: imager[0], column: imager[1], provenance: 'at detector' };
  }
  const scanned = pair(numbers(dataSet, 'NominalScannedPixelSpacing'));
  return scanned && { row: scanned[0], column: scanned[1], provenance: 'at scanner' };
}

const area = (r: UltrasoundRegion): number => (r.x1 - r.x0) * (r.y1 - r.y0);

export interface ScaleBar {
  /** Length on the screen in CSS pixels. */
  pixels: number;
  label: string;
  /** Number of equal parts to mark. */
  parts: number;
}

const LENGTHS: readonly (readonly [mm: number, label: string, parts: number])[] = [
  [0.1, '0.1 mm', 1], [0.2, '0.2 mm', 2], [0.5, '0.5 mm', 5], [1, '1 mm', 1], [2, '2 mm', 2], [5, '5 mm', 5],
  [10, '1 cm', 1], [20, '2 cm', 2], [50, '5 cm', 5], [100, '10 cm', 10], [200, '20 cm', 4], [500, '50 cm', 5],
]; // prettier-ignore

/** The longest round length that takes at most `most` CSS pixels, given CSS pixels per mm. */
export function scaleBar(pixelsPerMm: number, most: number): ScaleBar | undefined {
  const fitting = LENGTHS.filter(([mm]) => mm * pixelsPerMm <= most);
  const [mm, label, parts] = fitting.at(-1) ?? [];
  if (mm === undefined || label === undefined || parts === undefined) return undefined;
  return { pixels: mm * pixelsPerMm, label, parts };
}
