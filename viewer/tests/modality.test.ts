import { describe, expect, it } from 'vitest';
import { formatValue, modalityTransform, toModality } from '../src/core/modality';
import { dataSet } from './builders';

const of = (values: Parameters<typeof dataSet>[0], stored: number) => {
  const attributes = dataSet(values);
  return toModality(stored, modalityTransform(attributes, attributes));
};

describe('modality values', () => {
  it('go through slope and intercept', () => expect(of({ RescaleSlope: 0.5, RescaleIntercept: -10 }, 100)).toBe(40));
  it('take a slope of 0 for 1', () => expect(of({ RescaleSlope: 0 }, 7)).toBe(7));
  it('go through a table, held at its ends', () => {
    const table = { ModalityLUTSequence: dataSet({ LUTDescriptor: [3, 5, 16], LUTData: [10, 20, 40] }) };
    expect([0, 5, 6, 7, 99].map((stored) => of(table, stored))).toEqual([10, 10, 20, 40, 40]);
  });
  it('have a unit', () => {
    const unit = (values: Parameters<typeof dataSet>[0]) => modalityTransform(dataSet(values), dataSet(values)).unit;
    expect([unit({ Modality: 'CT' }), unit({ RescaleType: 'HU' }), unit({ Modality: 'PT', Units: 'BQML' }), unit({ Modality: 'MR' })]).toEqual(['HU', 'HU', 'Bq/ml', '']);
  });
});

it.each([[-1024, '-1024'], [0.123456, '0.123'], [12.5, '12.5'], [1234.567, '1235'], [2.0000001, '2'], [-0.0001, '0']])('writes %d as %s', (value, text) => expect(formatValue(value)).toBe(text));
