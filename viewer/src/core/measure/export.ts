// Measurements as CSV (RFC 4180) and JSON, for other programs: UIDs say of which picture, and nobody is named. Pure.

import type { DataSet } from '../dicom-json';
import { fixed, t } from '../language';
import { withoutNames } from '../naming';
import { BY_HAND, calibrationText } from './calibration';
import { partFor, volumeTexts } from './ellipsoid';
import { pathText } from './path';
import { digitsOf } from './region';
import { sizeText } from './scale';
import { MEASURE_TOOLS } from './tools';
import type { Measurement, Quantity } from './types';

const HEAD = ['name', 'kind', 'quantity', 'value', 'unit', 'source', 'StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'frame', 'points'];

/** A spreadsheet runs text that begins like a formula: an apostrophe keeps it text. */
function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What a calibration says, as if it were measured. */
const known = ({ calibration }: Measurement): { values: Quantity[]; source: string } => ({ values: calibration ? [{ quantity: 'length', value: calibration.known, unit: 'mm' }] : [], source: BY_HAND });

/** A line for each result; one without results has a line, too. `about` is a header of the patient. */
export function toCsv(items: readonly Measurement[], about?: DataSet): string {
  const lines = items.flatMap((item) => {
    const { name = '', kind } = item;
    const { values, source } = kind === 'calibration' ? known(item) : { values: item.values ?? [], source: item.source ?? '' };
    const results: readonly (Quantity | undefined)[] = values.length > 0 ? values : [undefined];
    const place = ({ image, points }: Measurement): (string | number)[] => [image?.StudyInstanceUID ?? '', image?.SeriesInstanceUID ?? '', image?.SOPInstanceUID ?? '', image?.frame ?? '', points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join(' ')];
    return results.map((result) => {
      const drawn = kind === 'ellipsoid' && result ? partFor(item, result.quantity) : item;
      return [withoutNames(name, about), kind, result?.quantity ?? '', result?.value ?? '', result?.unit ?? '', drawn === item ? source : (drawn.source ?? ''), ...place(drawn)];
    });
  });
  return [HEAD, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}

export function toJson(items: readonly Measurement[], about?: DataSet): string {
  const listed = items.map(({ id, kind, name = '', values = [], source = '', calibration, image, isocontour, contours, further, path, points }) => ({
    ...{ id, kind, name: withoutNames(name, about), values, source },
    ...(calibration ? { calibration } : {}),
    ...(isocontour ? { isocontour, contours } : {}),
    ...image,
    points,
    ...(path ? { path } : {}),
    ...(further ? { further: further.map((line) => ({ ...line.image, points: line.points, source: line.source ?? '' })) } : {}),
  }));
  return `${JSON.stringify(listed, null, 2)}\n`;
}

export const titleOfMeasurement = ({ name, kind }: Measurement): string => (name ?? '') || t(MEASURE_TOOLS[kind].title);

function digits({ value, unit }: Quantity): string {
  if (unit.startsWith('µm')) return sizeText(value, unit, 1);
  return `${fixed(value, unit === 'px' ? 0 : digitsOf(unit))}${unit ? (unit === '°' ? unit : ` ${unit}`) : ''}`;
}

/** The results in one line: "34.2 mm", "30.0 mm × 15.0 mm", "41.2 HU ± 3.0 HU · 120.4 mm²". */
export function resultText(item: Measurement): string {
  const { kind, name, values = [], calibration } = item;
  if (kind === 'ellipsoid') return volumeTexts(item).join(' · ');
  if (kind === 'arrow') return name ?? '';
  if (item.path) return pathText(item.path);
  if (kind === 'calibration') return calibration ? calibrationText(calibration) : '';
  const of = (wanted: Quantity['quantity']): string => values.filter(({ quantity }) => quantity === wanted).map(digits).join('');
  if (kind === 'isocontour') return [of('maximum') && t('max {value}', { value: of('maximum') }), of('peak') && t('peak {value}', { value: of('peak') }), of('volume')].filter(Boolean).join(' · ');
  const size = [of('length'), of('width')].filter(Boolean).join(' × ');
  const spread = [of('mean'), of('deviation')].filter(Boolean).join(' ± ');
  return [size, of('angle'), of('value'), spread, of('area')].filter(Boolean).join(' · ');
}
