// Changing a transfer function: its points are moved, added, removed and coloured; each change makes a new one. Pure.

import { fromImage, pointAt, toImage, type Range, type TransferPoint, type VolumePreset } from './transfer';

/** Points keep this part of the range between them. */
const LEAST_GAP = 1 / 1000;
const FEWEST = 2;

const bounded = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** With point `index` at another value (of the image) and opacity; it stays between its neighbours and within the range. */
export function movePoint(preset: VolumePreset, range: Range, index: number, value: number, opacity: number): VolumePreset {
  const gap = (range.high - range.low) * LEAST_GAP;
  const at = (other: number): number | undefined => {
    const point = preset.points[other];
    return point && toImage(preset, range, point.value);
  };
  const [before, after] = [at(index - 1), at(index + 1)];
  const low = before === undefined ? range.low : before + gap;
  const high = after === undefined ? range.high : after - gap;
  const change = { value: fromImage(preset, range, bounded(value, low, Math.max(low, high))), opacity: bounded(opacity, 0, 1) };
  return withPoints(preset, preset.points.map((point, other) => (other === index ? { ...point, ...change } : point)));
}

/** With one point more, which changes nothing yet; its index. Undefined where there is no room for it. */
export function addPoint(preset: VolumePreset, range: Range, value: number): { preset: VolumePreset; index: number } | undefined {
  const own = fromImage(preset, range, bounded(value, range.low, range.high));
  const gap = Math.abs(fromImage(preset, range, range.low + (range.high - range.low) * LEAST_GAP) - fromImage(preset, range, range.low));
  if (preset.points.some((point) => Math.abs(point.value - own) < gap)) return undefined;
  const index = preset.points.filter((point) => point.value < own).length;
  const point = { ...pointAt(preset, own), value: own };
  return { preset: withPoints(preset, [...preset.points.slice(0, index), point, ...preset.points.slice(index)]), index };
}

/** Without a point; two remain at least. */
export function removePoint(preset: VolumePreset, index: number): VolumePreset {
  return preset.points.length > FEWEST ? withPoints(preset, preset.points.filter((_, other) => other !== index)) : preset;
}

/** With a point in a colour as web pages write it: "#rrggbb". */
export function paintPoint(preset: VolumePreset, index: number, colour: string): VolumePreset {
  const part = (start: number): number => parseInt(colour.slice(start, start + 2), 16) / 255;
  return withPoints(preset, preset.points.map((point, other) => (other === index ? { ...point, colour: [part(1), part(3), part(5)] } : point)));
}

export const colourOf = ({ colour }: TransferPoint): string => `#${colour.map((part) => Math.round(part * 255).toString(16).padStart(2, '0')).join('')}`;

const withPoints = (preset: VolumePreset, points: readonly TransferPoint[]): VolumePreset => ({ ...preset, points });

/** Opacities of few per cent a millimetre make most of a picture: they are drawn by their square roots. */
export const heightOf = (opacity: number): number => Math.sqrt(opacity);
export const opacityOf = (height: number): number => bounded(height, 0, 1) ** 2;
