// Data sets for tests, written short: dataSet({ Rows: 2, PatientName: 'Doe^John' }).

import type { DataElement, DataSet, JsonValue } from '../src/core/dicom-json';
import { readInstance, type Picture } from '../src/core/stack';
import { TAGS, type Keyword } from '../src/core/tags';
import type { Bitmap } from '../src/core/viewport-port';

type Given = JsonValue | readonly JsonValue[];

const isList = (value: Given): value is readonly JsonValue[] => Array.isArray(value);

export function dataSet(values: Partial<Record<Keyword, Given>>): DataSet {
  const out: DataSet = {};
  for (const [keyword, value] of Object.entries(values)) {
    const element: DataElement = { vr: keyword.endsWith('Sequence') ? 'SQ' : 'UN', Value: isList(value) ? [...value] : [value] };
    out[TAGS[keyword as Keyword]] = element;
  }
  return out;
}

let count = 0;

export function slice(values: Partial<Record<Keyword, Given>>): DataSet {
  count += 1;
  return dataSet({ SOPInstanceUID: `1.2.${count}`, SeriesInstanceUID: '1.2', StudyInstanceUID: '1', Rows: 2, Columns: 2, PixelData: null, ImageOrientationPatient: [1, 0, 0, 0, 1, 0], ...values });
}

export function pictureOf(attributes: DataSet): Picture {
  return { id: '1/1', instance: readInstance(attributes), frame: 1, attributes };
}

export function bitmap(pixels: Bitmap['pixels'], columns: number): Bitmap {
  return { id: '1/1', columns, rows: pixels.length / columns, pixelWidth: 1, pixelHeight: 1, samples: 1, pixels, min: Math.min(...pixels), max: Math.max(...pixels) };
}
