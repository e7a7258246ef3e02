// Digital subtraction angiography (PS3.3 C.7.6.10, Mask): which frames are the mask of which, and the difference of the two. Pure.

import { items, number, numbers, text, type DataElement, type DataSet } from './dicom-json';
import { isColour, type DisplaySet, type Instance, type Picture } from './stack';
import { TAGS, type Keyword } from './tags';
import { t } from './language';

/** Frames averaged, or another frame at a distance in time (TID, and backwards from the first frame of the range: REV_TID). */
export type MaskRule = { operation: 'AVG_SUB'; frames: readonly number[] } | { operation: 'TID' | 'REV_TID'; offset: number };

export interface Subtraction {
  rule: MaskRule;
  /** First and last frame that this holds for, in pairs; none: all. */
  ranges: readonly (readonly [first: number, last: number])[];
  /** The mask is moved by this many pixels to the right and down; fractions count. */
  shift: readonly [x: number, y: number];
  /** Largest stored value where logarithms are subtracted (pixels are linear to the beam), else 0. */
  top: number;
}

/** One sample a pixel, in stored values. */
export interface Plane {
  columns: number;
  rows: number;
  pixels: ArrayLike<number>;
}

const pairs = (values: readonly number[]): [number, number][] => values.flatMap((first, index) => (index % 2 === 0 && values[index + 1] !== undefined ? [[first, values[index + 1] as number] as [number, number]] : []));

/** Linear pixels are subtracted as logarithms, so that what lies before and behind a vessel does not change it (C.8.7.1.1.2). */
function topOf(dataSet: DataSet): number {
  return text(dataSet, 'PixelIntensityRelationship') === 'LIN' ? 2 ** (number(dataSet, 'BitsStored') ?? 16) - 1 : 0;
}

function ruleOf(item: DataSet, frames: number): MaskRule | undefined {
  const operation = text(item, 'MaskOperation');
  if (operation === 'TID' || operation === 'REV_TID') return { operation, offset: number(item, 'TIDOffset') ?? 1 };
  const masks = numbers(item, 'MaskFrameNumbers').filter((frame) => frame >= 1 && frame <= frames);
  return operation === 'AVG_SUB' && masks.length > 0 ? { operation, frames: masks } : undefined;
}

/** What the file says; undefined where it says nothing (NONE) or nothing that can be done. */
export function subtractionOfFile(dataSet: DataSet, frames: number): Subtraction | undefined {
  for (const item of items(dataSet, 'MaskSubtractionSequence')) {
    const rule = ruleOf(item, frames);
    const [down = 0, right = 0] = numbers(item, 'MaskSubPixelShift');
    if (rule) return { rule, ranges: pairs(numbers(item, 'ApplicableFrameRange')), shift: [right, down], top: topOf(dataSet) };
  }
  return undefined;
}

/** One frame as the mask of all. */
export const maskedBy = (dataSet: DataSet, frame: number): Subtraction => ({ rule: { operation: 'AVG_SUB', frames: [frame] }, ranges: [], shift: [0, 0], top: topOf(dataSet) });

/** The frames whose mean is the mask of a frame; undefined: it has none. */
export function masksOf({ rule, ranges }: Subtraction, frame: number): readonly number[] | undefined {
  const range = ranges.find(([first, last]) => frame >= first && frame <= last);
  if (ranges.length > 0 && !range) return undefined;
  if (rule.operation === 'AVG_SUB') return rule.frames;
  const first = range?.[0] ?? 1;
  const mask = rule.operation === 'TID' ? frame - rule.offset : 2 * first - rule.offset - frame;
  return mask >= 1 ? [mask] : undefined;
}

/** The mean of planes of one size. */
function mean(planes: readonly Plane[]): Float32Array {
  const out = new Float32Array(planes[0]?.pixels.length ?? 0);
  for (const { pixels } of planes) for (let i = 0; i < out.length; i += 1) out[i] = (out[i] as number) + (pixels[i] as number) / planes.length;
  return out;
}

/** Moved to the right and down; between pixels linearly, beyond the edge its last pixel. */
function shifted(values: Float32Array, columns: number, rows: number, [dx, dy]: Subtraction['shift']): Float32Array {
  if (dx === 0 && dy === 0) return values;
  const out = new Float32Array(values.length);
  const [wholeX, wholeY] = [Math.floor(-dx), Math.floor(-dy)];
  const [partX, partY] = [-dx - wholeX, -dy - wholeY];
  const within = (at: number, count: number): number => Math.min(count - 1, Math.max(0, at));
  for (let row = 0, at = 0; row < rows; row += 1) {
    const [upper, lower] = [within(row + wholeY, rows) * columns, within(row + wholeY + 1, rows) * columns];
    for (let column = 0; column < columns; column += 1, at += 1) {
      const [left, right] = [within(column + wholeX, columns), within(column + wholeX + 1, columns)];
      const above = (values[upper + left] as number) * (1 - partX) + (values[upper + right] as number) * partX;
      const below = (values[lower + left] as number) * (1 - partX) + (values[lower + right] as number) * partX;
      out[at] = above * (1 - partY) + below * partY;
    }
  }
  return out;
}

/** Logarithms, so scaled that 0 and the largest stored value stay what they are. In place. */
function logarithmic(values: Float32Array, top: number): Float32Array {
  const factor = top / Math.log1p(top);
  for (let i = 0; i < values.length; i += 1) values[i] = Math.log1p(Math.max(0, values[i] as number)) * factor;
  return values;
}

/** The mask as it is subtracted: mean, moved, as logarithm where due. */
export function maskOf(planes: readonly Plane[], { shift, top }: Subtraction): Float32Array {
  const { columns = 0, rows = 0 } = planes[0] ?? {};
  const moved = shifted(mean(planes), columns, rows, shift);
  return top > 0 ? logarithmic(moved, top) : moved;
}

/** Frame less mask: what took beam away since is negative. */
export function difference({ pixels }: Plane, mask: Float32Array, top: number): Float32Array {
  const out = Float32Array.from(pixels);
  if (top > 0) logarithmic(out, top);
  for (let i = 0; i < out.length; i += 1) out[i] = (out[i] as number) - (mask[i] as number);
  return out;
}

/** Why nothing can be subtracted in a set; "" where it can. */
export function reasonAgainstSubtraction(set: DisplaySet | undefined): string {
  const first = set?.pictures[0]?.instance;
  if (!set || !first) return t('No series is open');
  if (set.kind !== 'clip' || set.pictures.length < 2) return t('Only frames of a multi-frame image can be subtracted from one another');
  return isColour(first.dataSet) ? t('Colour images cannot be subtracted') : '';
}

const element = (vr: string, ...Value: (number | string)[]): DataElement => ({ vr, Value });
const OF_VALUES: readonly Keyword[] = ['ModalityLUTSequence', 'VOILUTSequence', 'VOILUTFunction', 'PixelPaddingValue', 'PixelPaddingRangeLimit', 'RescaleSlope', 'RescaleIntercept'];
/** What a difference is measured in. */
const UNIT = 'difference';

function ofDifferences(dataSet: DataSet, width: number): DataSet {
  const kept = Object.fromEntries(Object.entries(dataSet).filter(([tag]) => !OF_VALUES.some((keyword) => TAGS[keyword] === tag)));
  const window: [Keyword, DataElement][] = [['WindowCenter', element('DS', 0)], ['WindowWidth', element('DS', width)], ['WindowCenterWidthExplanation', element('LO', 'Subtraction')], ['RescaleType', element('LO', UNIT)]];
  for (const [keyword, value] of window) kept[TAGS[keyword]] = value;
  return kept;
}

export const SUBTRACTED = 'dsa:';
/** The picture as it is stored, whether subtracted or not. */
export const storedId = (id: string): string => (id.startsWith(SUBTRACTED) ? id.slice(SUBTRACTED.length) : id);

/** The set that shows differences, to be opened like any other. `width` is that of its window, around 0. */
export function subtracted(base: DisplaySet, by: Subtraction, width: number): DisplaySet {
  const instances = new Map<Instance, Instance>();
  const own = (instance: Instance): Instance => {
    const made = instances.get(instance) ?? { ...instance, dataSet: ofDifferences(instance.dataSet, width) };
    instances.set(instance, made);
    return made;
  };
  const pictures = base.pictures.map((picture): Picture => ({ ...picture, id: SUBTRACTED + picture.id, instance: own(picture.instance), attributes: ofDifferences(picture.attributes, width) }));
  return { ...base, id: SUBTRACTED + base.id, pictures, subtraction: { base, by } };
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100);

/** The badge of a frame: what was subtracted from it. */
export function subtractionText(by: Subtraction, frame: number): string {
  const masks = masksOf(by, frame);
  if (!masks) return t('Not subtracted: no mask for this frame');
  const named = masks.length > 4 ? `${masks[0]}–${masks.at(-1)} (${masks.length})` : masks.join(', ');
  const values = { mask: named, x: rounded(by.shift[0]), y: rounded(by.shift[1]) };
  return by.top > 0 ? t('Subtracted (logarithm), mask {mask}, shift {x}, {y}', values) : t('Subtracted, mask {mask}, shift {x}, {y}', values);
}

