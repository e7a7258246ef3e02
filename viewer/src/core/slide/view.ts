// How a slide lies in its pane: a place of it in the middle, a scale and a turn. Pure; slide pixels are those of its finest
// level, `scale` CSS pixels for one, `turn` degrees clockwise.

import type { ScaleBar } from '../spacing';
import type { Point, Size, View } from '../view';
import type { Level, Slide } from './pyramid';

export interface SlideView {
  x: number;
  y: number;
  scale: number;
  turn: number;
}

/** CSS pixels that a pixel of the finest level may become. */
const LARGEST = 16;

const rotated = ([x, y]: Point, degrees: number): Point => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [x * cos - y * sin, x * sin + y * cos];
};

export const toPane = ([x, y]: Point, view: SlideView, pane: Size): Point => {
  const [dx, dy] = rotated([(x - view.x) * view.scale, (y - view.y) * view.scale], view.turn);
  return [dx + pane.width / 2, dy + pane.height / 2];
};

export const toSlide = ([x, y]: Point, view: SlideView, pane: Size): Point => {
  const [dx, dy] = rotated([x - pane.width / 2, y - pane.height / 2], -view.turn);
  return [dx / view.scale + view.x, dy / view.scale + view.y];
};

/** The same as a view of one picture that is as large as the slide. */
export function asPicture({ x, y, scale, turn }: SlideView, { columns, rows }: Pick<Slide, 'columns' | 'rows'>, pane: Size): View {
  return { turns: 0, mirrored: false, angle: turn, zoom: scale / Math.min(pane.width / columns, pane.height / rows), x: x - columns / 2, y: y - rows / 2 };
}

/** Scale at which the whole slide is just seen, as it is turned. */
export function fitScale({ columns, rows }: Pick<Slide, 'columns' | 'rows'>, pane: Size, turn: number): number {
  const [cos, sin] = [Math.abs(Math.cos((turn * Math.PI) / 180)), Math.abs(Math.sin((turn * Math.PI) / 180))];
  return Math.min(pane.width / (columns * cos + rows * sin), pane.height / (columns * sin + rows * cos));
}

export const fitted = (slide: Slide, pane: Size, turn = 0): SlideView => ({ x: slide.columns / 2, y: slide.rows / 2, scale: fitScale(slide, pane, turn) * 0.96, turn });

/** Within what can be looked at: not much smaller than the whole, the middle on the slide. */
export function bounded(view: SlideView, slide: Slide, pane: Size): SlideView {
  const least = Math.min(LARGEST, fitScale(slide, pane, view.turn) * 0.5);
  const within = (value: number, most: number): number => Math.min(most, Math.max(0, value));
  return { ...view, x: within(view.x, slide.columns), y: within(view.y, slide.rows), scale: Math.min(LARGEST, Math.max(least, view.scale)) };
}

/** Zooms so that what lies under a point of the pane stays there. */
export function zoomed(view: SlideView, factor: number, at: Point, slide: Slide, pane: Size): SlideView {
  const { scale } = bounded({ ...view, scale: view.scale * factor }, slide, pane);
  const under = toSlide(at, view, pane);
  const [dx, dy] = rotated([at[0] - pane.width / 2, at[1] - pane.height / 2], -view.turn);
  return bounded({ ...view, scale, x: under[0] - dx / scale, y: under[1] - dy / scale }, slide, pane);
}

export function panned(view: SlideView, dx: number, dy: number, slide: Slide, pane: Size): SlideView {
  const [x, y] = rotated([dx, dy], -view.turn);
  return bounded({ ...view, x: view.x - x / view.scale, y: view.y - y / view.scale }, slide, pane);
}

export const turned = (view: SlideView, degrees: number, slide: Slide, pane: Size): SlideView => bounded({ ...view, turn: (((view.turn + degrees) % 360) + 360) % 360 }, slide, pane);

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The part of the slide that the pane shows, as an upright box. */
export function seen(view: SlideView, slide: Pick<Slide, 'columns' | 'rows'>, pane: Size): Box {
  const corners = cornersOf(view, pane);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return { left: Math.max(0, Math.min(...xs)), top: Math.max(0, Math.min(...ys)), right: Math.min(slide.columns, Math.max(...xs)), bottom: Math.min(slide.rows, Math.max(...ys)) };
}

/** The corners of the pane on the slide. */
export const cornersOf = (view: SlideView, pane: Size): Point[] => ([[0, 0], [pane.width, 0], [pane.width, pane.height], [0, pane.height]] as Point[]).map((corner) => toSlide(corner, view, pane));

/** The coarsest level that has as many pixels as the screen: its number in `levels`. */
export function levelFor(levels: readonly Level[], scale: number, density: number): number {
  const enough = levels.map(({ stepX }) => stepX * scale * density <= 1.25);
  return Math.max(0, enough.lastIndexOf(true));
}

/** What an eye at a microscope would call it: by the lens, else 10× for 1 µm a pixel. */
export function magnification(slide: Slide, scale: number): string {
  const full = slide.power ?? (slide.spacing ? 0.01 / slide.spacing.x : undefined);
  if (full === undefined) return '';
  const now = full * scale;
  return `${slide.power === undefined ? '≈ ' : ''}${now >= 10 ? Math.round(now) : Number(now.toPrecision(2))}×`;
}

const ROUND = [1, 2, 5];

/** The longest round length of at most `most` CSS pixels, in µm, mm or cm. */
export function slideBar(pixelsPerMm: number, most: number): ScaleBar | undefined {
  const largest = most / pixelsPerMm;
  if (!(largest > 0) || !Number.isFinite(largest)) return undefined;
  const power = Math.floor(Math.log10(largest) + 1e-9);
  const digit = ROUND.filter((one) => one * 10 ** power <= largest * (1 + 1e-9)).at(-1) ?? 1;
  const mm = digit * 10 ** power;
  const label = mm >= 10 ? `${Number((mm / 10).toPrecision(3))} cm` : mm >= 1 ? `${Number(mm.toPrecision(3))} mm` : `${Number((mm * 1000).toPrecision(3))} µm`;
  return { pixels: mm * pixelsPerMm, label, parts: digit === 1 ? 2 : digit };
}
