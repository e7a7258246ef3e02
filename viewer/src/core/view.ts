// How an image lies in its pane: scale, position, rotation, mirror. Pure; lengths are CSS pixels and image units.
// An image unit is one pixel along the shorter pixel side, so that non-square pixels are shown in their true shape.

/** Clockwise quarter turns after mirroring the image left to right. */
export interface Pose {
  turns: 0 | 1 | 2 | 3;
  mirrored: boolean;
  /** Further degrees clockwise, at most 45 either way: `turns` is the nearest quarter. */
  angle?: number;
}

export interface View extends Pose {
  /** Relative to fitting the pane: 1 = fit. */
  zoom: number;
  /** The point of the image, in image units from its centre, that lies in the middle of the pane. */
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface ImageShape {
  columns: number;
  rows: number;
  /** Width and height of a pixel in image units. */
  pixelWidth: number;
  pixelHeight: number;
}

export type Point = readonly [x: number, y: number];

export const FIT: View = { turns: 0, mirrored: false, zoom: 1, x: 0, y: 0 };
export const MIN_ZOOM = 0.1;
export const MAX_ZOOM = 64;

/** Image-space unit vectors (along columns, along rows) that point to the right and down on the screen. */
export function screenAxes(pose: Pose): { right: Point; down: Point } {
  const m = pose.mirrored ? -1 : 1;
  const axes: Record<Pose['turns'], { right: Point; down: Point }> = {
    0: { right: [m, 0], down: [0, 1] },
    1: { right: [0, -1], down: [m, 0] },
    2: { right: [-m, 0], down: [0, -1] },
    3: { right: [0, 1], down: [-m, 0] },
  };
  const { right, down } = axes[pose.turns];
  if (!pose.angle) return { right, down };
  const [sin, cos] = [Math.sin((pose.angle * Math.PI) / 180), Math.cos((pose.angle * Math.PI) / 180)];
  return { right: [cos * right[0] - sin * down[0], cos * right[1] - sin * down[1]], down: [sin * right[0] + cos * down[0], sin * right[1] + cos * down[1]] };
}

export const imageSize = (shape: ImageShape): Size => ({ width: shape.columns * shape.pixelWidth, height: shape.rows * shape.pixelHeight });

/** CSS pixels per image unit. */
export function scaleOf(view: View, shape: ImageShape, pane: Size): number {
  const { width, height } = imageSize(shape);
  const [w, h] = view.turns % 2 === 0 ? [width, height] : [height, width];
  return Math.min(pane.width / w, pane.height / h) * view.zoom;
}

/** Pane point (CSS pixels from its top left) → image point in units from the image's centre. */
export function paneToImage(point: Point, view: View, shape: ImageShape, pane: Size): Point {
  const scale = scaleOf(view, shape, pane);
  const { right, down } = screenAxes(view);
  const dx = (point[0] - pane.width / 2) / scale;
  const dy = (point[1] - pane.height / 2) / scale;
  return [view.x + dx * right[0] + dy * down[0], view.y + dx * right[1] + dy * down[1]];
}

export function imageToPane(point: Point, view: View, shape: ImageShape, pane: Size): Point {
  const scale = scaleOf(view, shape, pane);
  const { right, down } = screenAxes(view);
  const dx = point[0] - view.x;
  const dy = point[1] - view.y;
  return [pane.width / 2 + (dx * right[0] + dy * right[1]) * scale, pane.height / 2 + (dx * down[0] + dy * down[1]) * scale];
}

/** Pane point → pixel indices [column, row], or undefined outside the image. */
export function pixelAt(point: Point, view: View, shape: ImageShape, pane: Size): Point | undefined {
  const [x, y] = paneToImage(point, view, shape, pane);
  const column = Math.floor(x / shape.pixelWidth + shape.columns / 2);
  const row = Math.floor(y / shape.pixelHeight + shape.rows / 2);
  const inside = column >= 0 && row >= 0 && column < shape.columns && row < shape.rows;
  return inside ? [column, row] : undefined;
}

/** The middle of a pixel in the pane. */
export function pixelToPane(pixel: Point, view: View, shape: ImageShape, pane: Size): Point {
  const x = (pixel[0] + 0.5 - shape.columns / 2) * shape.pixelWidth;
  const y = (pixel[1] + 0.5 - shape.rows / 2) * shape.pixelHeight;
  return imageToPane([x, y], view, shape, pane);
}

/** Pane point → place in pixels, fractions kept; the middle of the first pixel is 0, 0. Inverse of `pixelToPane`. */
export function paneToPixel(point: Point, view: View, shape: ImageShape, pane: Size): Point {
  const [x, y] = paneToImage(point, view, shape, pane);
  return [x / shape.pixelWidth + shape.columns / 2 - 0.5, y / shape.pixelHeight + shape.rows / 2 - 0.5];
}

/** Moves the image with the pointer by a distance in CSS pixels. */
export function panned(view: View, dx: number, dy: number, shape: ImageShape, pane: Size): View {
  const scale = scaleOf(view, shape, pane);
  const { right, down } = screenAxes(view);
  return {
    ...view,
    x: view.x - (dx * right[0] + dy * down[0]) / scale,
    y: view.y - (dx * right[1] + dy * down[1]) / scale,
  };
}

/** Zooms by a factor so that the image point under `at` stays there. */
export function zoomed(view: View, factor: number, at: Point, shape: ImageShape, pane: Size): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, view.zoom * factor));
  const before = paneToImage(at, view, shape, pane);
  const next = { ...view, zoom };
  const after = paneToImage(at, next, shape, pane);
  return { ...next, x: view.x + before[0] - after[0], y: view.y + before[1] - after[1] };
}

/** To the quarter turn beside the nearest one. */
export function rotated(view: View, quarterTurns: 1 | -1): View {
  return { ...view, turns: ((view.turns + quarterTurns + 4) % 4) as Pose['turns'], ...(view.angle ? { angle: 0 } : {}) };
}

/** Turned clockwise about the middle of the pane, and no larger or smaller than before. */
export function turned(view: View, degrees: number, shape: ImageShape, pane: Size): View {
  const all = degreesOf(view) + degrees;
  const quarters = Math.round(all / 90);
  const next: View = { ...view, turns: (((quarters % 4) + 4) % 4) as Pose['turns'], angle: all - quarters * 90 };
  return { ...next, zoom: (view.zoom * scaleOf(view, shape, pane)) / scaleOf(next, shape, pane) };
}

/** Clockwise degrees of all rotation. */
export const degreesOf = ({ turns, angle = 0 }: Pose): number => turns * 90 + angle;

/** The other way round, where it is turned at all. */
const opposite = ({ angle }: Pose): { angle?: number } => (angle ? { angle: -angle } : {});

/** Mirrors what is on the screen left to right, whatever its rotation. */
export function flippedHorizontally(view: View): View {
  return { ...view, mirrored: !view.mirrored, turns: ((4 - view.turns) % 4) as Pose['turns'], ...opposite(view) };
}

export function flippedVertically(view: View): View {
  return { ...view, mirrored: !view.mirrored, turns: ((6 - view.turns) % 4) as Pose['turns'], ...opposite(view) };
}

/** Pixel proportions from spacing (row, column) or PixelAspectRatio (vertical, horizontal), in image units. */
export function pixelShape(spacing: readonly number[], aspect: readonly number[]): { pixelWidth: number; pixelHeight: number } {
  const [vertical, horizontal] = spacing.length === 2 ? spacing : aspect;
  if (!vertical || !horizontal || vertical <= 0 || horizontal <= 0) return { pixelWidth: 1, pixelHeight: 1 };
  const unit = Math.min(vertical, horizontal);
  return { pixelWidth: horizontal / unit, pixelHeight: vertical / unit };
}
