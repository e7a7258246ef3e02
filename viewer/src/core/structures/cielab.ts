// Recommended display colours (PS3.3 C.10.7.1.1): CIELab in three 16-bit numbers, relative to D50, and sRGB. Pure.

const linear = (t: number): number => (t > 6 / 29 ? t ** 3 : 3 * (6 / 29) ** 2 * (t - 4 / 29));
const gamma = (t: number): number => (t <= 0.0031308 ? 12.92 * t : 1.055 * t ** (1 / 2.4) - 0.055);
const byte = (t: number): string =>
  Math.round(255 * Math.min(1, Math.max(0, gamma(t))))
    .toString(16)
    .padStart(2, '0');

/** "#rrggbb" of the three stored numbers; undefined unless there are three. Colours that sRGB lacks are clipped. */
export function colourOfLab(stored: readonly number[]): string | undefined {
  if (stored.length !== 3) return undefined;
  const [l, a, b] = stored as [number, number, number];
  const fy = ((l * 100) / 65535 + 16) / 116;
  const fx = fy + ((a * 255) / 65535 - 128) / 500;
  const fz = fy - ((b * 255) / 65535 - 128) / 200;
  const [x, y, z] = [0.9642 * linear(fx), linear(fy), 0.8251 * linear(fz)];
  return `#${byte(3.1338561 * x - 1.6168667 * y - 0.4906146 * z)}${byte(-0.9787684 * x + 1.9161415 * y + 0.033454 * z)}${byte(0.0719453 * x - 0.2289914 * y + 1.4052427 * z)}`;
}

/** Colours for structures that name none: told apart on grey. */
const COLOURS = ['#ff6b6b', '#4dd0a5', '#5cb0ff', '#ffd84d', '#c58bff', '#ff9f43', '#45d4e8', '#ff85c0', '#a4d65e', '#b08d6e'] as const;

export const colourOf = (index: number): string => COLOURS[((index % COLOURS.length) + COLOURS.length) % COLOURS.length] as string;

/** "#rrggbb" as three bytes. */
export const bytesOf = (colour: string): [number, number, number] => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
