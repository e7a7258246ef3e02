// Palette tables of a PALETTE COLOR image (PS3.3 C.7.9), inline or fetched as bulk data.

import { inlineBytes, numbers, type DataElement, type DataSet } from '../core/dicom-json';
import { t } from '../core/language';
import type { Palette } from '../core/pixels';
import { TAGS } from '../core/tags';
import { wordsOrBytes } from '../core/window';
import type { DicomWebClient } from './dicomweb';

const COLOURS = ['Red', 'Green', 'Blue'] as const;

async function entries(client: DicomWebClient, element: DataElement, count: number, bits: number): Promise<Uint16Array> {
  if (element.Value) return Uint16Array.from(element.Value.map(Number));
  const bytes = element.InlineBinary ? inlineBytes(element.InlineBinary) : await client.bulkData(element.BulkDataURI ?? '');
  return wordsOrBytes(bytes, count, bits);
}

const known = new WeakMap<DataSet, Promise<Palette>>();

/** Raises where a table is missing: the archive has to draw the picture then. */
export function loadPalette(client: DicomWebClient, dataSet: DataSet): Promise<Palette> {
  const palette = known.get(dataSet) ?? load(client, dataSet);
  known.set(dataSet, palette);
  return palette;
}

async function load(client: DicomWebClient, dataSet: DataSet): Promise<Palette> {
  const [count = 0, first = 0, bits = 16] = numbers(dataSet, 'RedPaletteColorLookupTableDescriptor');
  const [red, green, blue] = await Promise.all(
    COLOURS.map((colour) => {
      const element = dataSet[TAGS[`${colour}PaletteColorLookupTableData`]];
      if (!element) throw new Error(t('The palette is missing'));
      return entries(client, element, count || 65536, bits);
    }),
  );
  if (!red || !green || !blue) throw new Error(t('The palette is missing'));
  const deepest = [red, green, blue].reduce((max, table) => table.reduce((most, entry) => Math.max(most, entry), max), 0);
  return { first, red, green, blue, bits: deepest > 255 ? 16 : 8 };
}
