// A region's value through the phases of a series: as numbers, as CSV (RFC 4180), as points of a chart. Pure.

import type { Quantity } from './measure/types';
import type { Phases } from './phases';

export interface CurvePoint {
  phase: number;
  label: string;
  /** ms from the first phase, where they are moments. */
  time: number | undefined;
  /** Mean of the region, or the value of a probe. */
  value: number;
  unit: string;
  deviation: number | undefined;
}

/** One point for a phase whose region has values. */
export function curvePoint({ labels, times }: Phases, phase: number, values: readonly Quantity[]): CurvePoint | undefined {
  const main = values.find(({ quantity }) => quantity === 'mean' || quantity === 'value');
  if (!main) return undefined;
  return { phase, label: labels[phase] ?? '', time: times?.[phase], value: main.value, unit: main.unit, deviation: values.find(({ quantity }) => quantity === 'deviation')?.value };
}

const quoted = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

export function curveCsv(points: readonly CurvePoint[]): string {
  const lines = points.map(({ phase, label, time, value, deviation, unit }) => [String(phase + 1), quoted(label), time === undefined ? '' : String(time), String(value), deviation === undefined ? '' : String(deviation), quoted(unit)]);
  return [['phase', 'label', 'time_ms', 'value', 'deviation', 'unit'], ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

export interface Chart {
  /** In parts of the chart, 0 to 1, from its top left. */
  points: readonly (readonly [x: number, y: number])[];
  low: number;
  high: number;
}

/** Along the times where there are some, else evenly; a margin of a twentieth above and below. */
export function chartOf(points: readonly CurvePoint[]): Chart {
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = (most - least || Math.abs(most) || 1) / 20;
  const [low, high] = [least - margin, most + margin];
  const along = points.map(({ time, phase }) => time ?? phase);
  const [from, to] = [Math.min(...along), Math.max(...along)];
  return { low, high, points: points.map(({ value }, index) => [to > from ? ((along[index] as number) - from) / (to - from) : 0.5, (high - value) / (high - low)] as const) };
}
