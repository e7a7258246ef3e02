// A waveform on millimetre paper: grid, calibration pulse, traces. One unit of the canvas is a millimetre.

import { t } from '../core/language';
import { gainOf, type Strip, type WaveformGroup } from '../core/waveform';

export interface Paper {
  /** mm/s and mm/mV. */
  speed: number;
  gain: number;
  /** Height of a row, and room at the left for the calibration pulse, in mm. */
  row: number;
  margin: number;
}

const [GROUND, FINE, COARSE, INK] = ['#fdf6f3', '#f4d5cc', '#e3a294', '#1c1f26'];

export interface Sheet {
  width: number;
  height: number;
}

export function sheetOf(group: WaveformGroup, strips: readonly Strip[], { speed, row, margin }: Paper): Sheet {
  const rows = 1 + Math.max(0, ...strips.map((strip) => strip.row));
  return { width: margin + (group.samples / group.frequency) * speed, height: rows * row };
}

export function paintWaveform(context: CanvasRenderingContext2D, group: WaveformGroup, values: readonly Float64Array[], strips: readonly Strip[], paper: Paper, marks: readonly number[]): void {
  const sheet = sheetOf(group, strips, paper);
  context.fillStyle = GROUND;
  context.fillRect(0, 0, sheet.width, sheet.height);
  grid(context, sheet, 1, FINE, 0.08);
  grid(context, sheet, 5, COARSE, 0.12);
  context.lineJoin = 'round';
  for (const time of marks) line(context, [[paper.margin + (time / 1000) * paper.speed, 0], [paper.margin + (time / 1000) * paper.speed, sheet.height]], '#5b87c9', 0.1);
  for (const strip of strips) trace(context, group, values, strip, paper);
}

function grid(context: CanvasRenderingContext2D, { width, height }: Sheet, step: number, colour: string, thick: number): void {
  context.beginPath();
  for (let x = 0; x <= width; x += step) {
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  for (let y = 0; y <= height; y += step) {
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.stroke();
}

function line(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[], colour: string, width: number): void {
  context.beginPath();
  points.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function trace(context: CanvasRenderingContext2D, group: WaveformGroup, values: readonly Float64Array[], { channel, row, from, to }: Strip, paper: Paper): void {
  const [data, definition] = [values[channel], group.channels[channel]];
  if (!data || !definition) return;
  const gain = gainOf(definition, data, paper.gain, paper.row);
  const centred = definition.unit === 'mV' ? 0 : middleOf(data);
  const base = (row + 0.5) * paper.row;
  const first = Math.max(0, Math.round(from * group.frequency));
  const last = Math.min(data.length, Math.round(to * group.frequency) + 1);
  const points: [number, number][] = [];
  for (let i = first; i < last; i += 1) {
    const value = data[i] as number;
    if (Number.isFinite(value)) points.push([paper.margin + (i / group.frequency + definition.skew / 1000) * paper.speed, base - (value - centred) * gain]);
  }
  line(context, points, INK, 0.25);
  const x = paper.margin + from * paper.speed;
  if (from > 0) line(context, [[x, base - 3], [x, base + 3]], INK, 0.2);
  else if (definition.unit === 'mV') line(context, [[1, base], [2, base], [2, base - gain], [4, base - gain], [4, base], [5, base]], INK, 0.25);
  context.fillStyle = INK;
  context.font = '600 3.4px sans-serif';
  context.fillText(definition.unit === 'mV' ? definition.name : `${definition.name} (${definition.unit || t('no unit')})`, x + 1, row * paper.row + 4.5);
}

/** Half way between the least and the greatest value. */
function middleOf(data: Float64Array): number {
  const seen = data.filter(Number.isFinite);
  return seen.length === 0 ? 0 : (seen.reduce((a, b) => Math.min(a, b)) + seen.reduce((a, b) => Math.max(a, b))) / 2;
}
