// How large a pixel is, and who says so. Nothing may print mm without one of these sources (PS3.3 C.7.6.3, 10.7, C.8.5.5).

import { items, number, numbers, text, type DataSet } from './dicom-json';

export interface Spacing {
  /** mm between rows (vertical) and columns (horizontal). */
  row: number;
  column: number;
  /** What the number refers to: "" where it is the patient itself. */
  provenance: '' | 'at detector' | 'magnified' | 'calibrated' | 'fiducials' | 'at scanner' | 'US region' | 'calibrated by hand' | 'along the path';
}

/** A region of an ultrasound image with its own scale (PS3.3 C.8.5.5): limits in pixels, inclusive, and what a pixel is worth. */
export interface UltrasoundRegion {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** Physical units along x and y, "" where the file names none; lengths are in mm. */
  unitX: string;
  unitY: string;
  perColumn: number;
  perRow: number;
}

const UNITS: Readonly<Record<number, readonly [unit: string, factor: number]>> = {
  1: ['%', 1], 2: ['dB', 1], 3: ['mm', 10], 4: ['s', 1], 5: ['Hz', 1], 6: ['dB/s', 1], 7: ['cm/s', 1], 8: ['cm²', 1], 9: ['cm²/s', 1], 12: ['°', 1],
}; // prettier-ignore
const UNKNOWN = ['', 1] as const;

/** All regions whose two axes have a scale. */
export function ultrasoundRegions(dataSet: DataSet): UltrasoundRegion[] {
  return items(dataSet, 'SequenceOfUltrasoundRegions')
    .map((region) => {
      const [unitX, factorX] = UNITS[number(region, 'PhysicalUnitsXDirection') ?? 0] ?? UNKNOWN;
      const [unitY, factorY] = UNITS[number(region, 'PhysicalUnitsYDirection') ?? 0] ?? UNKNOWN;
      return {
        x0: number(region, 'RegionLocationMinX0') ?? 0,
        y0: number(region, 'RegionLocationMinY0') ?? 0,
        x1: number(region, 'RegionLocationMaxX1') ?? 0,
        y1: number(region, 'RegionLocationMaxY1') ?? 0,
        unitX,
        unitY,
        perColumn: Math.abs(number(region, 'PhysicalDeltaX') ?? 0) * factorX,
        perRow: Math.abs(number(region, 'PhysicalDeltaY') ?? 0) * factorY,
      };
    })
    .filter(({ unitX, unitY, perColumn, perRow }) => unitX && unitY && perColumn > 0 && perRow > 0);
}

const inMm = (region: UltrasoundRegion | undefined): region is UltrasoundRegion => region?.unitX === 'mm' && region.unitY === 'mm';
const area = (r: UltrasoundRegion): number => (r.x1 - r.x0) * (r.y1 - r.y0);

/** The region that holds a pixel; of several the smallest. */
export function regionAt(regions: readonly UltrasoundRegion[], [x, y]: readonly [number, number]): UltrasoundRegion | undefined {
  const inside = regions.filter((r) => x >= r.x0 && x <= r.x1 && y >= r.y0 && y <= r.y1);
  return inside.reduce<UltrasoundRegion | undefined>((best, r) => (!best || area(r) < area(best) ? r : best), undefined);
}

/** The scale of the region under the pixel; without a pixel only where all regions in mm agree. */
function regionSpacing(regions: readonly UltrasoundRegion[], pixel: readonly [number, number] | undefined): Spacing | undefined {
  const tissue = regions.filter(inMm);
  const region = pixel ? regionAt(regions, pixel) : tissue.every((r) => r.perRow === tissue[0]?.perRow && r.perColumn === tissue[0].perColumn) ? tissue[0] : undefined;
  return inMm(region) ? { row: region.perRow, column: region.perColumn, provenance: 'US region' } : undefined;
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
 * The spacing in force. `PixelSpacing` is that of the frame (it may stand in a functional group). With ultrasound regions
 * the one at `pixel` decides.
 */
export function spacingOf(dataSet: DataSet, PixelSpacing: readonly number[], pixel?: readonly [number, number]): Spacing | undefined {
  const regions = ultrasoundRegions(dataSet);
  if (regions.length > 0) return regionSpacing(regions, pixel);
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
