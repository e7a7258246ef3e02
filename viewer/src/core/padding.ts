// Stored values that are no image (PS3.3 C.7.5.1.1.2): drawn black however the window and inversion are. Pure.

import { number, type DataSet } from './dicom-json';

/** A closed range of stored values. */
export interface Padding {
  first: number;
  last: number;
}

export function paddingOf(dataSet: DataSet): Padding | undefined {
  const value = number(dataSet, 'PixelPaddingValue');
  if (value === undefined) return undefined;
  const signed = number(dataSet, 'PixelRepresentation') === 1;
  const read = (word: number): number => (signed && word >= 0x8000 ? word - 0x10000 : word);
  const ends = [read(value), read(number(dataSet, 'PixelPaddingRangeLimit') ?? value)];
  return { first: Math.min(...ends), last: Math.max(...ends) };
}
