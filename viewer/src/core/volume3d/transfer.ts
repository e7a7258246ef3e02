// How values become colour and opacity in a volume: presets, and the table that the shader looks them up in. Pure.

export interface TransferPoint {
  value: number;
  /** Red, green, blue; 0 to 1. */
  colour: readonly [number, number, number];
  /** What a millimetre of this value hides; 0 to 1. */
  opacity: number;
}

export interface VolumePreset {
  id: string;
  label: string;
  /** In the units of the image (HU), or with `relative` in parts of its range. */
  points: readonly TransferPoint[];
  relative: boolean;
}

const at = (value: number, colour: string, opacity: number): TransferPoint => {
  const part = (start: number): number => parseInt(colour.slice(start, start + 2), 16) / 255;
  return { value, colour: [part(1), part(3), part(5)], opacity };
};

const CT: readonly VolumePreset[] = [
  { id: 'bone', label: 'Bone', relative: false, points: [at(140, '#7a3b28', 0), at(260, '#b9795a', 0.08), at(480, '#e9d5b4', 0.45), at(1200, '#fffaf0', 0.85)] },
  { id: 'vessels', label: 'Vessels and bone', relative: false, points: [at(110, '#6b1210', 0), at(180, '#b3241c', 0.12), at(300, '#e0684a', 0.4), at(520, '#f2dcc0', 0.6), at(1200, '#fffaf0', 0.85)] },
  { id: 'soft', label: 'Soft tissue', relative: false, points: [at(-60, '#7d4a3a', 0), at(20, '#a5553f', 0.02), at(70, '#c87059', 0.12), at(160, '#dd8f74', 0.22), at(400, '#f0e0c8', 0.6), at(1200, '#fffaf0', 0.85)] },
  { id: 'lung', label: 'Lung', relative: false, points: [at(-960, '#1d3a55', 0), at(-860, '#3f78a8', 0.006), at(-720, '#79a9c9', 0.012), at(-560, '#d2b3a4', 0.05), at(-380, '#c98b78', 0.05), at(-240, '#b06a5a', 0), at(120, '#a03a2c', 0), at(260, '#e5c9a5', 0.06), at(900, '#fffaf0', 0.25)] },
  { id: 'airways', label: 'Airways', relative: false, points: [at(-1010, '#2c6f94', 0.35), at(-960, '#5fb3d8', 0.3), at(-900, '#a9dcf0', 0.02), at(-860, '#ffffff', 0)] },
  { id: 'skin', label: 'Skin', relative: false, points: [at(-420, '#8f5b49', 0), at(-260, '#d9a487', 0.25), at(-40, '#e8bda0', 0.6), at(400, '#f6e6d8', 0.85)] },
];

const OTHERS: readonly VolumePreset[] = [
  { id: 'surface', label: 'Surface', relative: true, points: [at(0.12, '#5a4038', 0), at(0.25, '#b98a72', 0.12), at(0.5, '#e6cdb4', 0.5), at(1, '#fffaf2', 0.85)] },
  { id: 'brain', label: 'Translucent', relative: true, points: [at(0.15, '#263a4a', 0), at(0.35, '#7c8fa0', 0.02), at(0.6, '#cfd6dc', 0.08), at(0.85, '#ffffff', 0.3), at(1, '#ffffff', 0.6)] },
  { id: 'bright', label: 'Bright only', relative: true, points: [at(0.45, '#7a1c10', 0), at(0.65, '#d9582f', 0.12), at(0.85, '#f6c25a', 0.4), at(1, '#fffbe0', 0.8)] },
];

const PT: readonly VolumePreset[] = [
  { id: 'uptake', label: 'Uptake', relative: true, points: [at(0.04, '#20124d', 0), at(0.12, '#6a1b6e', 0.02), at(0.3, '#c8404f', 0.08), at(0.6, '#f59a3c', 0.3), at(1, '#fff6c8', 0.7)] },
];

export function volumePresets(modality: string): readonly VolumePreset[] {
  if (modality === 'CT') return CT;
  return modality === 'PT' || modality === 'NM' ? PT : OTHERS;
}

/** The one that a volume begins with. */
export const firstPreset = (modality: string): VolumePreset => volumePresets(modality)[0] as VolumePreset;

export interface Range {
  low: number;
  high: number;
}

/** The values that a volume's texture holds as 0 to 1. */
export function textureRange(modality: string, values: Float32Array): Range {
  if (modality === 'CT') return { low: -1024, high: 3071 };
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? { low, high } : { low: Math.min(low, 0), high: Math.min(low, 0) + 1 };
}

export const TABLE_SIZE = 1024;

/** Values of points in the units of the image, and back. */
export const toImage = ({ relative }: VolumePreset, { low, high }: Range, value: number): number => (relative ? low + value * (high - low) : value);
export const fromImage = ({ relative }: VolumePreset, { low, high }: Range, value: number): number => (relative ? (value - low) / (high - low) : value);

/** Colour and opacity at a value of the preset's own kind: between points a straight line, beyond them the last one's. */
export function pointAt({ points }: VolumePreset, value: number): Omit<TransferPoint, 'value'> {
  const next = points.findIndex((point) => point.value >= value);
  const [a, b] = next < 0 ? [points.at(-1), points.at(-1)] : [points[Math.max(0, next - 1)], points[next]];
  const [from, to] = [a as TransferPoint, b as TransferPoint];
  const share = to.value > from.value ? (value - from.value) / (to.value - from.value) : 0;
  const mix = (p: number, q: number): number => p + (q - p) * share;
  return { colour: [0, 1, 2].map((part) => mix(from.colour[part] as number, to.colour[part] as number)) as unknown as TransferPoint['colour'], opacity: mix(from.opacity, to.opacity) };
}

/**
 * RGBA of TABLE_SIZE values across the range. `shift` moves all points, in the units of the image; `opacity` multiplies.
 */
export function transferTable(preset: VolumePreset, range: Range, shift: number, opacity: number): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(TABLE_SIZE * 4);
  for (let index = 0; index < TABLE_SIZE; index += 1) {
    const value = range.low + ((range.high - range.low) * index) / (TABLE_SIZE - 1);
    const point = pointAt(preset, fromImage(preset, range, value - shift));
    for (let part = 0; part < 3; part += 1) table[index * 4 + part] = Math.round(255 * (point.colour[part] as number));
    table[index * 4 + 3] = Math.round(255 * Math.min(1, point.opacity * opacity));
  }
  return table;
}

/** Part of the greatest opacity that hides what lies behind. */
const HIDES = 0.1;

/** The value at which a preset begins to hide what lies behind, in the units of the image: that of the surface one sees. */
export function surfaceValue(preset: VolumePreset, range: Range): number {
  const { points } = preset;
  const enough = HIDES * Math.max(...points.map(({ opacity }) => opacity));
  const index = points.findIndex(({ opacity }) => opacity >= enough);
  const [before, after] = [points[index - 1], points[index] as TransferPoint];
  if (!before) return toImage(preset, range, after.value);
  return toImage(preset, range, before.value + ((enough - before.opacity) / (after.opacity - before.opacity)) * (after.value - before.value));
}
