// From stored values to modality values and their unit (PS3.3 C.11.1; SUVbw after the QIBA vendor-neutral pseudo-code).

import { items, number, text, type DataSet } from './dicom-json';
import { readTable, rescaleOf } from './window';

export interface ModalityTransform {
  slope: number;
  intercept: number;
  /** Table instead of slope and intercept (Modality LUT Sequence). */
  table?: { first: number; entries: Uint16Array };
  unit: string;
  /** Factor from the modality value to SUV body weight, PT only. */
  suv?: number;
}

const RESCALE_UNITS: Readonly<Record<string, string>> = {
  HU: 'HU', US: '', OD: 'OD (×1000)', Z_EFF: 'Z eff', ED: '10²³ e/ml', MGML: 'mg/ml', PCT: '%', HU_MOD: 'HU (mod.)',
}; // prettier-ignore
const PET_UNITS: Readonly<Record<string, string>> = { BQML: 'Bq/ml', GML: 'SUV', CNTS: 'counts', CM2ML: 'SUV (cm²/ml)', PROPCPS: 'cps' };

export function modalityTransform(dataSet: DataSet, frame: DataSet): ModalityTransform {
  const { slope, intercept, type } = rescaleOf(frame);
  const item = items(dataSet, 'ModalityLUTSequence')[0];
  const table = item && readTable(item);
  const modality = text(dataSet, 'Modality');
  const suv = modality === 'PT' ? suvFactor(dataSet) : undefined;
  return {
    slope,
    intercept,
    unit: unitOf(modality, type, text(dataSet, 'Units')),
    ...(table ? { table: { first: table.first, entries: table.entries } } : {}),
    ...(suv === undefined ? {} : { suv }),
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

function seconds(time: string): number | undefined {
  const match = /^(\d{2})(\d{2})(\d{2})(\.\d+)?/.exec(time);
  return match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) + Number(match[4] ?? 0) : undefined;
}

/** g/ml per Bq/ml: weight over the dose decayed to the series time; undefined where anything needed is missing. */
export function suvFactor(dataSet: DataSet): number | undefined {
  if (text(dataSet, 'Units') === 'GML') return 1;
  const drug = items(dataSet, 'RadiopharmaceuticalInformationSequence')[0];
  const dose = number(drug, 'RadionuclideTotalDose') ?? 0;
  const halfLife = number(drug, 'RadionuclideHalfLife') ?? 0;
  const weight = number(dataSet, 'PatientWeight') ?? 0;
  const start = seconds(text(drug, 'RadiopharmaceuticalStartTime'));
  const scan = seconds(text(dataSet, 'SeriesTime'));
  const corrected = text(dataSet, 'DecayCorrection') === 'START';
  const usable = text(dataSet, 'Units') === 'BQML' && corrected && dose > 0 && halfLife > 0 && weight > 0;
  if (!usable || start === undefined || scan === undefined) return undefined;
  const elapsed = scan >= start ? scan - start : scan + 86_400 - start;
  return (weight * 1000) / (dose * 2 ** (-elapsed / halfLife));
}

/** A value as people read it: integers whole, others with as many digits as tell something. */
export function formatValue(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
