// From stored values to modality values and their unit (PS3.3 C.11.1).

import { items, text, type DataSet } from './dicom-json';
import { localNumber } from './language';
import { suvFactors, type SuvFactors } from './suv';
import { readTable, rescaleOf } from './window';

export interface ModalityTransform {
  slope: number;
  intercept: number;
  /** Table instead of slope and intercept (Modality LUT Sequence). */
  table?: { first: number; entries: Uint16Array };
  unit: string;
  /** Factors from the modality value to SUV, PT only; empty where none can be known. */
  suv?: SuvFactors;
}

const RESCALE_UNITS: Readonly<Record<string, string>> = {
  HU: 'HU', US: '', OD: 'OD (×1000)', Z_EFF: 'Z eff', ED: '10²³ e/ml', MGML: 'mg/ml', PCT: '%', HU_MOD: 'HU (mod.)',
}; // prettier-ignore
const PET_UNITS: Readonly<Record<string, string>> = { BQML: 'Bq/ml', GML: 'g/ml', CNTS: 'counts', CM2ML: 'cm²/ml', PROPCPS: 'cps' };

/** `firstAcquired` is the earliest acquisition of the series, PT only. */
export function modalityTransform(dataSet: DataSet, frame: DataSet, firstAcquired = ''): ModalityTransform {
  const { slope, intercept, type } = rescaleOf(frame);
  const item = items(dataSet, 'ModalityLUTSequence')[0];
  const table = item && readTable(item);
  const modality = text(dataSet, 'Modality');
  return {
    slope,
    intercept,
    unit: unitOf(modality, type, text(dataSet, 'Units')),
    ...(table ? { table: { first: table.first, entries: table.entries } } : {}),
    ...(modality === 'PT' ? { suv: suvFactors(dataSet, firstAcquired) } : {}),
  };
}

function unitOf(modality: string, type: string, Units: string): string {
  if (modality === 'PT') return PET_UNITS[Units] ?? Units;
  if (type) return RESCALE_UNITS[type] ?? (type === 'UNSPECIFIED' || type === 'normalized' ? '' : type);
  return modality === 'CT' ? 'HU' : '';
}

export function toModality(stored: number, transform: ModalityTransform): number {
  const { table } = transform;
  if (!table) return stored * transform.slope + transform.intercept;
  const index = Math.min(table.entries.length - 1, Math.max(0, Math.round(stored) - table.first));
  return table.entries[index] ?? 0;
}

/** A value as people read it: integers whole, others with as many digits as tell something. */
export function formatValue(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  const written = value.toFixed(digits).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
  return localNumber(written === '-0' ? '0' : written);
}
