// Grey scale: from modality values to what is shown (PS3.3 C.11.2, PS3.14). Everything becomes a list of nodes, piecewise linear.

import { inlineBytes, items, number, numbers, text, texts, type DataSet } from './dicom-json';
import { t } from './language';

export type VoiFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

export interface Window {
  center: number;
  width: number;
  function: VoiFunction;
}

/** A table from modality values to grey, 0..1 (VOI LUT Sequence). */
export interface VoiTable {
  first: number;
  values: Float32Array;
}

export interface WindowChoice {
  id: string;
  label: string;
  window?: Window;
  table?: VoiTable;
  /** What it comes to, where neither a window nor a table says it. */
  nodes?: Node[];
}

/** Grey 0..1 at a modality value; below the first and above the last node their grey holds. */
export interface Node {
  value: number;
  grey: number;
}

/** The modality values that are shown black and white (PS3.3 C.11.2.1.2 and C.11.2.1.3.2). */
export function windowLimits({ center, width, function: kind }: Window): [number, number] {
  if (kind === 'LINEAR_EXACT') return [center - width / 2, center + width / 2];
  const usable = Math.max(width, 1);
  return [center - 0.5 - (usable - 1) / 2, center - 0.5 + (usable - 1) / 2];
}

/** The window whose limits are these values. */
export function windowFromLimits(low: number, high: number): Window {
  return { center: (low + high + 1) / 2, width: Math.max(high - low + 1, 1), function: 'LINEAR' };
}

export function windowNodes(window: Window): Node[] {
  if (window.function === 'SIGMOID') {
    const steps = 64;
    return Array.from({ length: steps + 1 }, (_, index) => {
      const value = window.center + ((index / steps) * 4 - 2) * window.width;
      return { value, grey: 1 / (1 + Math.exp((-4 * (value - window.center)) / window.width)) };
    });
  }
  const [low, high] = windowLimits(window);
  return [
    { value: low, grey: 0 },
    { value: Math.max(high, low + 1e-6 * Math.max(1, Math.abs(low))), grey: 1 },
  ];
}

export function tableNodes(table: VoiTable): Node[] {
  const step = Math.max(1, Math.floor(table.values.length / 1024));
  const nodes: Node[] = [];
  for (let index = 0; index < table.values.length; index += step) {
    nodes.push({ value: table.first + index, grey: table.values[index] ?? 0 });
  }
  const last = table.values.length - 1;
  if (last % step !== 0) nodes.push({ value: table.first + last, grey: table.values[last] ?? 1 });
  return nodes;
}

export const inverted = (nodes: readonly Node[]): Node[] => nodes.map(({ value, grey }) => ({ value, grey: 1 - grey }));

/** A LUT Sequence item (PS3.3 C.11.1, C.11.2): first value mapped, entries as stored, and their number of bits. */
export function readTable(item: DataSet): { first: number; entries: Uint16Array; bits: number } | undefined {
  const [, first, bits] = numbers(item, 'LUTDescriptor');
  const count = numbers(item, 'LUTDescriptor')[0];
  if (count === undefined || first === undefined || bits === undefined) return undefined;
  const entries = lutEntries(item, count === 0 ? 65536 : count, bits);
  return entries && { first, entries, bits: usedBits(entries, bits) };
}

/** The bits of the entries; some writers say 16 and fill 8, or say 8 and fill more. */
function usedBits(entries: Uint16Array, bits: number): number {
  const highest = 32 - Math.clz32(entries.reduce((most, entry) => Math.max(most, entry), 0));
  return bits === 16 && highest <= 8 ? 8 : Math.max(bits, highest);
}

function lutEntries(item: DataSet, count: number, bits: number): Uint16Array | undefined {
  const data = item['00283006'];
  if (data?.Value) return Uint16Array.from(numbers(item, 'LUTData'));
  if (!data?.InlineBinary) return undefined;
  return wordsOrBytes(inlineBytes(data.InlineBinary), count, bits);
}

/** LUT data bytes as entries: 16-bit words little endian, or single bytes where there are only as many bytes as entries. */
export function wordsOrBytes(bytes: Uint8Array, count: number, bits: number): Uint16Array {
  if (bits <= 8 && bytes.length < count * 2) return Uint16Array.from(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => view.getUint16(index * 2, true));
}

function voiTable(item: DataSet): VoiTable | undefined {
  const table = readTable(item);
  if (!table || table.entries.length < 2) return undefined;
  const top = 2 ** table.bits - 1;
  return { first: table.first, values: Float32Array.from(table.entries, (entry) => Math.min(1, entry / top)) };
}

const named = (name = '', index: number): string => (name === '' ? [t('From file'), index === 0 ? '' : index + 1].filter(Boolean).join(' ') : name);

/** The VOI LUTs and windows a file or frame brings; the first is its default, in the archive's own pictures, too. */
export function windowsOf(dataSet: DataSet): WindowChoice[] {
  const kind = text(dataSet, 'VOILUTFunction');
  const voi: VoiFunction = kind === 'SIGMOID' || kind === 'LINEAR_EXACT' ? kind : 'LINEAR';
  const widths = numbers(dataSet, 'WindowWidth');
  const names = texts(dataSet, 'WindowCenterWidthExplanation');
  const tables = items(dataSet, 'VOILUTSequence').flatMap((item, index): WindowChoice[] => {
    const table = voiTable(item);
    return table ? [{ id: `lut-${index}`, label: text(item, 'LUTExplanation') || t('LUT {index}', { index: index + 1 }), table }] : [];
  });
  const windows = numbers(dataSet, 'WindowCenter').flatMap((center, index): WindowChoice[] => {
    const width = widths[index];
    if (width === undefined || width <= 0) return [];
    return [{ id: `file-${index}`, label: named(names[index], index), window: { center, width, function: voi } }];
  });
  return [...tables, ...windows];
}

/** Window by drag: right is wider, up is brighter (lower centre); `step` modality values per CSS pixel. */
export function draggedWindow(window: Window, dx: number, dy: number, step: number): Window {
  const least = window.function === 'LINEAR' ? 1 : step / 8;
  return { ...window, width: Math.max(least, window.width + dx * step), center: window.center + dy * step };
}

/** PET in SUV: only the upper bound moves, one pane height is 5 SUV, never below 0.1. `up` in pane heights. */
export function draggedTop(width: number, up: number, suv: number): Window {
  const top = Math.max(0.1, width * suv + up * 5) / suv;
  return { center: top / 2, width: top, function: 'LINEAR_EXACT' };
}

/** Values per CSS pixel for dragging: dynamic range / 1024, rounded when above 1. */
export function dragStep(range: number): number {
  if (!(range > 0)) return 4;
  const step = range / 1024;
  return step > 1 ? Math.round(step) : step;
}

/** The percentiles `low` and `high` (0..1) of the values, from at most `most` samples. */
export function percentiles(values: ArrayLike<number>, low: number, high: number, most = 20_000, skip?: (value: number) => boolean): [number, number] {
  const stride = Math.max(1, Math.floor(values.length / most));
  const all = new Float64Array(Math.ceil(values.length / stride));
  let count = 0;
  for (let index = 0; index < values.length; index += stride) {
    const value = values[index] ?? 0;
    if (!skip?.(value)) all[count++] = value;
  }
  const sample = all.subarray(0, count).sort();
  const at = (share: number): number => sample[Math.min(sample.length - 1, Math.max(0, Math.round(share * (sample.length - 1))))] ?? 0;
  return [at(low), at(high)];
}

export function rescaleOf(dataSet: DataSet): { slope: number; intercept: number; type: string } {
  const slope = number(dataSet, 'RescaleSlope') ?? 1;
  return {
    slope: slope === 0 ? 1 : slope,
    intercept: number(dataSet, 'RescaleIntercept') ?? 0,
    type: text(dataSet, 'RescaleType'),
  };
}
