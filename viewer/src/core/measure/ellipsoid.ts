// The volume of an ellipsoid by three diameters at right angles, π/6 times their product: each is a line, drawn in any picture of
// the study. The measurement is its first line, the others are kept beside it; a volume there is only in mm.

import { dot, length as lengthOf, type Vector } from '../geometry';
import { fixed, t } from '../language';
import { sharesSpace, subtract, toPatient } from '../plane';
import type { Point } from '../view';
import { lengthValues } from './scale';
import { moveOne, type Diameter, type Measurement, type Quantity, type ToolDefinition } from './types';

/** What the lines measure, in the order in which they are drawn. */
const NAMES = ['length', 'width', 'height'] as const;
/** Diameters that are nearer to each other than this are not at right angles, in degrees. */
const UPRIGHT = 75;

export const ellipsoidTool: ToolDefinition = {
  kind: 'ellipsoid',
  title: 'Ellipsoid volume',
  clicks: 2,
  move: moveOne,
  shapes: ([from, to]) => (from && to ? [{ kind: 'line', from, to }] : []),
  texts: () => [],
  values: (points, { scale }) => lengthValues('length', points[0] as Point, points[1] as Point, scale),
};

const drawn = ({ further = [] }: Measurement): number => 1 + further.length;

/** Whether lines are still to be drawn. */
export const isLacking = (item: Measurement): boolean => item.kind === 'ellipsoid' && drawn(item) < NAMES.length;

const named = ({ values = [] }: Measurement, name: Quantity['quantity']): Quantity | undefined => values.find(({ quantity }) => quantity === name);

/** Each of its lines as a measurement of its own, which has that length; others are their only part. */
export function partsOf(item: Measurement): Measurement[] {
  if (item.kind !== 'ellipsoid') return [item];
  const { id, kind, name, colour, locked, hidden, pictureId, points, plane, label, image, calibration, source } = item;
  const shared = { id, kind, ...(name ? { name } : {}), ...(colour ? { colour } : {}), ...(locked ? { locked } : {}), ...(hidden ? { hidden } : {}) };
  return [lineOf({ pictureId, points, plane, label, image, calibration, source }), ...(item.further ?? [])].map((line, index) => {
    const own = named(item, NAMES[index] ?? 'length');
    return { ...shared, ...line, values: own ? [{ ...own, quantity: 'length' }] : [] };
  });
}

/** What a line has for itself, without what is undefined. */
function lineOf({ pictureId, points, plane, label, image, calibration, source }: { [Key in keyof Diameter]: Diameter[Key] | undefined } & Pick<Diameter, 'pictureId' | 'points'>): Diameter {
  return { pictureId, points, ...(plane ? { plane } : {}), ...(label ? { label } : {}), ...(image ? { image } : {}), ...(calibration ? { calibration } : {}), ...(source ? { source } : {}) };
}

/** The measurement with one of its lines, or one more, and the volume that follows. */
export function withPart(item: Measurement, index: number, part: Measurement): Measurement {
  if (item.kind !== 'ellipsoid') return part;
  const measured = NAMES.map((name, at) => (at === index ? named(part, 'length') : named(item, name)));
  const values = measured.flatMap((own, at) => (own ? [{ ...own, quantity: NAMES[at] as Quantity['quantity'] }] : []));
  const { id, kind, name, colour, locked, hidden } = item;
  const shared = { id, kind, ...(name ? { name } : {}), ...(colour ? { colour } : {}), ...(locked ? { locked } : {}), ...(hidden ? { hidden } : {}) };
  const lines = [lineOf({ ...blank, ...item }), ...(item.further ?? [])];
  lines[index] = lineOf({ ...blank, ...part });
  const [first, ...further] = lines as [Diameter, ...Diameter[]];
  return { ...shared, ...first, ...(further.length > 0 ? { further } : {}), values: [...values, ...volumeOf(values)] };
}

const blank = { plane: undefined, label: undefined, image: undefined, calibration: undefined, source: undefined };

/** In ml; nothing as long as a diameter is missing or is not in mm. */
function volumeOf(values: readonly Quantity[]): Quantity[] {
  if (values.length < NAMES.length || values.some(({ unit }) => unit !== 'mm')) return [];
  return [{ quantity: 'volume', value: ((Math.PI / 6) * values.reduce((product, { value }) => product * value, 1)) / 1000, unit: 'ml' }];
}

/** The least angle between two diameters whose place in the patient is known, 0 to 90 degrees. */
export function leastAngle(item: Measurement): number {
  const lines = partsOf(item).flatMap(({ plane, pictureId, points: [from, to] }) => (plane && from && to ? [{ plane, pictureId, along: subtract(toPatient(plane, to), toPatient(plane, from)) }] : []));
  const angles = lines.flatMap((one, index) => lines.slice(index + 1).flatMap((other) => (one.pictureId === other.pictureId || sharesSpace(one.plane, other.plane) ? [degreesOf(one.along, other.along)] : [])));
  return Math.min(90, ...angles);
}

const degreesOf = (a: Vector, b: Vector): number => (Math.acos(Math.min(1, Math.abs(dot(a, b)) / (lengthOf(a) * lengthOf(b) || 1))) * 180) / Math.PI;

/** The volume and what it was computed from, a line each; or why there is none. */
export function volumeTexts(item: Measurement): string[] {
  const { values = [] } = item;
  const lacking = NAMES.length - drawn(item);
  if (lacking > 0) return [lacking === 1 ? t('1 more diameter for a volume, in any image') : t('2 more diameters for a volume, in any image')];
  const volume = named(item, 'volume');
  if (!volume) return [t('No volume: not all diameters are in mm')];
  const sources = [...new Set(partsOf(item).map(({ source = '' }) => source))].filter((one) => one !== '' && one !== 'US region').map((one) => t(one));
  const diameters = values.filter(({ unit }) => unit === 'mm').map(({ value }) => fixed(value, 1)).join(' × ');
  const angle = leastAngle(item);
  return [
    t('Volume {volume} ml', { volume: fixed(volume.value, volume.value < 10 ? 2 : 1) }),
    [`${fixed(Math.PI / 6, 2)} (π/6) × ${diameters} mm`, ...sources].join(' '),
    ...(angle < UPRIGHT ? [t('Diameters not at right angles: {angle}°', { angle: fixed(angle, 0) })] : []),
  ];
}

/** What stands beside a line: its diameter, and the volume beside the first, or where the first is not to be seen. */
export function lineTexts(item: Measurement, index: number, own: string): string[] {
  const parts = partsOf(item);
  const said = index === 0 ? !isLacking(item) : parts[index]?.pictureId !== parts[0]?.pictureId && !isLacking(item);
  const next = isLacking(item) && index === parts.length - 1;
  return [`D${index + 1} ${own}`, ...(said || next ? volumeTexts(item) : [])];
}

/** The line that a result was taken from. */
export const partFor = (item: Measurement, quantity: Quantity['quantity']): Measurement => partsOf(item)[Math.max(0, (NAMES as readonly string[]).indexOf(quantity))] ?? item;
