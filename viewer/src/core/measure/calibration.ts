// Calibration by hand: a line of known length says what a pixel is worth, for its image or for every image of its series that
// is as large. Images with a place in the patient, and ultrasound regions, keep the scale of their file. Pure.

import { number, text } from '../dicom-json';
import { fixed, t } from '../language';
import { pictureInfo } from '../picture-info';
import { planeOf } from '../plane';
import type { Spacing } from '../spacing';
import type { Picture } from '../stack';
import type { Point } from '../view';
import { moveOne, type Measurement, type ToolDefinition } from './types';
import { distanceOf, lengthText, pixelScale } from './scale';

/** What a line says; of other measurements, what they were measured with. */
export interface Calibration {
  /** The length of the line in mm. */
  readonly known: number;
  /** It holds for all images of the series that have as many pixels, not for one alone. */
  readonly series: boolean;
  readonly columns: number;
  readonly rows: number;
  /** mm from pixel to pixel. */
  readonly columnSpacing: number;
  readonly rowSpacing: number;
}

export const BY_HAND = 'calibrated by hand';

export const calibrationTool: ToolDefinition = {
  kind: 'calibration',
  title: 'Calibration',
  clicks: 2,
  move: moveOne,
  shapes: ([from, to]) => (from && to ? [{ kind: 'line', from, to }] : []),
  texts: (points, { scale }) => [lengthText(points[0] as Point, points[1] as Point, scale)],
  values: () => [],
};

/** Why an image cannot be calibrated by hand; "" where it can. */
export function reasonAgainstCalibration(picture: Picture): string {
  if (planeOf(picture)) return t('This image has its place and size in the patient from its scanner: a line cannot say otherwise');
  return pictureInfo(picture).regions.length > 0 ? t('This image has ultrasound regions, each with a scale of its own') : '';
}

/** Of a line of `known` mm; undefined where it has no length. `aspect` is the height of a pixel over its width. */
export function calibrationBy(points: readonly Point[], known: number, series: boolean, picture: Picture, aspect: number): Calibration | undefined {
  const [from, to] = points;
  const pixels = from && to ? distanceOf(from, to, pixelScale(aspect)) : 0;
  if (!(pixels > 0) || !(known > 0)) return undefined;
  const { dataSet } = picture.instance;
  const columnSpacing = known / pixels;
  return { known, series, columns: number(dataSet, 'Columns') ?? 0, rows: number(dataSet, 'Rows') ?? 0, columnSpacing, rowSpacing: columnSpacing * aspect };
}

/** The calibration in force on a picture: that of its own image before that of its series; of several the last. */
export function calibrationOf(items: readonly Measurement[], picture: Picture): Calibration | undefined {
  const lines = items.filter(({ kind, calibration }) => kind === 'calibration' && calibration);
  if (lines.length === 0 || reasonAgainstCalibration(picture)) return undefined;
  const { SOPInstanceUID, dataSet } = picture.instance;
  const own = lines.findLast(({ image, calibration }) => !calibration?.series && image?.SOPInstanceUID === SOPInstanceUID);
  const ofSeries = ({ image, calibration }: Measurement): boolean =>
    calibration?.series === true && image?.SeriesInstanceUID === text(dataSet, 'SeriesInstanceUID') && calibration.columns === number(dataSet, 'Columns') && calibration.rows === number(dataSet, 'Rows');
  return (own ?? lines.findLast(ofSeries))?.calibration;
}

/** The items without the lines that a new one takes the place of. */
export const withoutReplaced = (items: readonly Measurement[], { image, calibration }: Measurement): Measurement[] =>
  items.filter((item) => item.kind !== 'calibration' || !(calibration?.series ? item.image?.SeriesInstanceUID === image?.SeriesInstanceUID : !item.calibration?.series && item.image?.SOPInstanceUID === image?.SOPInstanceUID));

export const spacingBy = ({ rowSpacing, columnSpacing }: Calibration): Spacing => ({ row: rowSpacing, column: columnSpacing, provenance: 'calibrated by hand' });

/** "25.0 mm known, whole series". */
export const calibrationText = ({ known, series }: Calibration): string => (series ? t('{known} mm known, whole series', { known: fixed(known, 1) }) : t('{known} mm known', { known: fixed(known, 1) }));
