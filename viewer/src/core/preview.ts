// The archive's small volume of a series: reading it, and where it lies in the volume that the pictures make. Pure.

import { add } from './plane';
import type { Volume, VolumeGeometry } from './volume';
import { t } from './language';

export interface Preview {
  columns: number;
  rows: number;
  /** Pixels of a row or column that were averaged to one. */
  factor: number;
  /** Slices of a group, but for the last group. */
  together: number;
  /** SOP instance UID and frame number of what each slice was made of. */
  slices: [string, number][][];
  /** Real values, slice after slice. */
  values: Float32Array<ArrayBuffer>;
}

interface Header extends Omit<Preview, 'values'> {
  low: number;
  step: number;
}

const LINE_FEED = 10;

/** Reads the body: a line of JSON, then differences of neighbours, the low bytes of all before the high bytes. */
export function readPreview(body: Uint8Array): Preview {
  const end = body.indexOf(LINE_FEED);
  const { low, step, ...header } = JSON.parse(ascii(body.subarray(0, end))) as Header;
  const { columns, rows, slices } = header;
  const count = columns * rows * slices.length;
  const bytes = body.subarray(end + 1);
  if (bytes.length !== 2 * count) throw new Error(t('The preview of this volume is broken'));
  const values = new Float32Array(count);
  const row = new Int16Array(columns);
  for (let at = 0, line = 0; at < count; line += 1) {
    // The first of a row follows the first of the row above.
    let value = line % rows === 0 ? 0 : (row[0] as number);
    for (let x = 0; x < columns; x += 1, at += 1) {
      const difference = (bytes[at] as number) | ((bytes[count + at] as number) << 8);
      value = ((value + difference) << 16) >> 16;
      row[x] = value;
      values[at] = low + step * value;
    }
  }
  return { ...header, values };
}

function ascii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Where the preview's voxels lie; undefined if it was not made of this volume's pictures. */
export function previewGeometry({ columns, rows, factor, together, slices }: Preview, { geometry, pictures }: Volume): VolumeGeometry | undefined {
  if (slices.length < 2 || slices.length !== Math.ceil(pictures.length / together)) return undefined;
  if (columns !== Math.ceil(geometry.columns / factor) || rows !== Math.ceil(geometry.rows / factor)) return undefined;
  const placeOf = new Map(pictures.map(({ instance, frame }, index) => [`${instance.SOPInstanceUID} ${frame}`, geometry.places[index] as number]));
  const means = slices.map((group) => group.reduce((sum, [uid, frame]) => sum + (placeOf.get(`${uid} ${frame}`) ?? NaN), 0) / group.length);
  if (!means.every((place, index) => (index === 0 ? place >= 0 : place > (means[index - 1] as number)))) return undefined;
  const [first, shift] = [means[0] as number, (factor - 1) / 2];
  const { row, column, line, columnStep, rowStep } = geometry;
  const origin = add(add(add(geometry.origin, row, shift * columnStep), column, shift * rowStep), line, first);
  return { ...geometry, columns, rows, origin, columnStep: columnStep * factor, rowStep: rowStep * factor, places: means.map((place) => place - first) };
}
