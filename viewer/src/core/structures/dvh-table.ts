// What is said of a dose-volume histogram: the numbers of the table, and both as CSV; and what a dose object has stored. Pure.

import { items, number, numbers, text, type DataSet } from '../dicom-json';
import { doseOfVolume, volumeOfDose, type Dvh } from './dvh';

export interface DvhRow {
  name: string;
  colour: string;
  dvh: Dvh;
  /** What the dose object itself says of this structure. */
  stored?: StoredDvh;
}

export interface DvhColumn {
  title: string;
  unit: string;
  value(dvh: Dvh): number;
}

/** The columns of the table, for a unit of dose; V in percent of the structure at the doses asked for. */
export function dvhColumns(unit: string, doses: readonly number[]): DvhColumn[] {
  const dose = (title: string, value: (dvh: Dvh) => number): DvhColumn => ({ title, unit, value });
  return [
    { title: 'Volume', unit: 'ml', value: ({ volume }) => volume },
    dose('Min', ({ min }) => min),
    dose('Mean', ({ mean }) => mean),
    dose('Max', ({ max }) => max),
    ...[98, 95, 50, 2].map((percent) => dose(`D${percent}%`, (dvh) => doseOfVolume(dvh, percent))),
    ...doses.map((at): DvhColumn => ({ title: `V${at}${unit}`, unit: '%', value: (dvh) => volumeOfDose(dvh, at) })),
  ];
}

/** Doses at which volumes are given: four round ones below the highest. */
export function tableDoses(most: number): number[] {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((one) => most / one <= 6) ?? 100;
  return [1, 2, 3, 4].map((times) => Math.round(times * step * 10) / 10).filter((dose) => dose < most);
}

const quoted = (value: string): string => `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;

export function tableCsv(rows: readonly DvhRow[], columns: readonly DvhColumn[]): string {
  const head = ['Structure', ...columns.map(({ title, unit }) => `${title} (${unit})`), 'Outside the dose grid (ml)'];
  const lines = rows.map(({ name, dvh }) => [quoted(name), ...columns.map(({ value }) => value(dvh).toFixed(3)), dvh.outside.toFixed(3)]);
  return [head.map(quoted), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/** Percent of each structure at every hundredth of the highest dose. */
export function curvesCsv(rows: readonly DvhRow[], unit: string, most: number): string {
  const head = [`Dose (${unit})`, ...rows.map(({ name }) => `${name} (%)`)].map(quoted);
  const lines = Array.from({ length: 101 }, (_, index) => (index * most) / 100).map((dose) => [dose.toFixed(3), ...rows.map(({ dvh }) => volumeOfDose(dvh, dose).toFixed(3))]);
  return [head, ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

export interface StoredDvh {
  /** Percent of the volume at least at a dose. */
  points: readonly { dose: number; percent: number }[];
  min: number | undefined;
  mean: number | undefined;
  max: number | undefined;
}

/** The cumulative histograms that a dose object has stored (PS3.3 C.8.8.4), by number of the region. */
export function storedDvhs(dose: DataSet): Map<number, StoredDvh> {
  const found = new Map<number, StoredDvh>();
  for (const item of items(dose, 'DVHSequence')) {
    const region = number(items(item, 'DVHReferencedROISequence')[0], 'ReferencedROINumber');
    const values = numbers(item, 'DVHData');
    if (region === undefined || values.length < 2 || text(item, 'DVHType') === 'NATURAL') continue;
    const scale = number(item, 'DVHDoseScaling') ?? 1;
    const whole = cumulativeOf(values, text(item, 'DVHType') === 'DIFFERENTIAL');
    found.set(region, {
      points: whole.map(({ dose: at, volume }) => ({ dose: at * scale, percent: (100 * volume) / Math.max(1e-9, whole[0]?.volume ?? 0) })),
      min: number(item, 'DVHMinimumDose'),
      mean: number(item, 'DVHMeanDose'),
      max: number(item, 'DVHMaximumDose'),
    });
  }
  return found;
}

/** Pairs of a bin's width and volume, summed up to lower edges and the volume from there on. */
function cumulativeOf(values: readonly number[], differential: boolean): { dose: number; volume: number }[] {
  let dose = 0;
  const points = Array.from({ length: values.length >> 1 }, (_, index) => {
    const point = { dose, volume: values[index * 2 + 1] as number };
    dose += values[index * 2] as number;
    return point;
  });
  if (!differential) return points;
  let rest = 0;
  return points.reverse().map((point) => ({ dose: point.dose, volume: (rest += point.volume) })).reverse();
}
