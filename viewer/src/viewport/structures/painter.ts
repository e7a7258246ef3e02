// Draws layers over a picture: fills as one image of its pixels, lines in the resolution of the screen.

import { bytesOf } from '../../core/structures/cielab';
import type { Lines } from '../../core/structures/mask-outline';
import { imageSize, scaleOf, screenAxes, type ImageShape, type Point, type Size, type View } from '../../core/view';
import type { DoseLayer, Layers, StructureLayer } from './layers';

/** CSS pixels. */
const LINE = 1.5;
const MARK = 6;

/** Puts the layers where the view puts the picture; the canvas is cleared by whoever owns it. */
export function paintLayers(context: CanvasRenderingContext2D, layers: Layers, shape: ImageShape, view: View, pane: Size, ratio: number): void {
  const space = pixelSpace(context, shape, view, pane, ratio);
  for (const layer of layers.doses) if (layer.dose.wash) wash(context, space, layer);
  fill(context, space, layers);
  const width = LINE * ratio;
  for (const { lines, plane } of layers.doses) for (const { level, lines: isodose } of lines) stroke(context, space, linesPath(isodose, plane.step, 0.5), level.colour, width);
  for (const layer of layers.structures) paintLines(context, space, layer, width, ratio);
  context.resetTransform();
}

/** From pixels of the picture, 0, 0 being the corner of the first, to the canvas. */
function pixelSpace({ canvas }: CanvasRenderingContext2D, shape: ImageShape, view: View, pane: Size, ratio: number): DOMMatrix {
  const scale = scaleOf(view, shape, pane) * ratio;
  const { right, down } = screenAxes(view);
  const { width, height } = imageSize(shape);
  return new DOMMatrix([right[0] * scale, down[0] * scale, right[1] * scale, down[1] * scale, canvas.width / 2, canvas.height / 2])
    .translate(-width / 2 - view.x, -height / 2 - view.y)
    .scale(shape.pixelWidth, shape.pixelHeight);
}

function imageOf(columns: number, rows: number, paint: (words: Uint32Array) => void): OffscreenCanvas {
  const canvas = new OffscreenCanvas(columns, rows);
  const image = new ImageData(columns, rows);
  paint(new Uint32Array(image.data.buffer));
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

const fills = new WeakMap<object, { key: string; image: OffscreenCanvas }>();

/** The masks of all structures in one image; later ones lie over earlier ones. */
function fill(context: CanvasRenderingContext2D, space: DOMMatrix, layers: Layers): void {
  const masks = layers.structures.filter(({ mask, opacity }) => mask && opacity > 0);
  const [first] = masks;
  if (!first?.mask) return;
  const key = masks.map(({ id, colour, opacity }) => `${id}${colour}${opacity}`).join();
  const known = fills.get(first.mask);
  const image = known?.key === key ? known.image : imageOf(layers.columns, layers.rows, (words) => masks.forEach((layer) => over(words, layer)));
  fills.set(first.mask, { key, image });
  context.setTransform(space);
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0);
}

function over(words: Uint32Array, { mask, colour, opacity }: StructureLayer): void {
  const [red, green, blue] = bytesOf(colour);
  const rgb = (blue << 16) | (green << 8) | red;
  mask?.forEach((value, at) => {
    if (value > 0) words[at] = ((Math.round(opacity * value) << 24) | rgb) >>> 0;
  });
}

const washes = new WeakMap<object, { key: string; image: OffscreenCanvas }>();

/** Each value in the colour of the highest level that it reaches; smoothed, so that steps of the grid do not show. */
function wash(context: CanvasRenderingContext2D, space: DOMMatrix, { dose, plane }: DoseLayer): void {
  const levels = dose.levels.filter(({ visible }) => visible).map(({ percent, colour }) => ({ least: (percent / 100) * dose.reference.dose, rgb: bytesOf(colour) }));
  levels.sort((a, b) => a.least - b.least);
  const key = JSON.stringify([levels, dose.opacity]);
  const known = washes.get(plane);
  const alpha = Math.round(dose.opacity * 255);
  const image = known?.key === key ? known.image : imageOf(plane.columns, plane.rows, (words) => plane.values.forEach((value, at) => {
    const rgb = blended(levels, value);
    if (rgb) words[at] = ((alpha << 24) | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0]) >>> 0;
  }));
  washes.set(plane, { key, image });
  context.setTransform(space);
  context.imageSmoothingEnabled = true;
  const corner = 0.5 - plane.step / 2;
  context.drawImage(image, corner, corner, plane.columns * plane.step, plane.rows * plane.step);
}

type Stop = { least: number; rgb: [number, number, number] };

function blended(levels: readonly Stop[], value: number): [number, number, number] | undefined {
  const above = levels.findIndex(({ least }) => value < least);
  if (above === 0 || levels.length === 0 || Number.isNaN(value)) return undefined;
  const low = levels[(above < 0 ? levels.length : above) - 1] as Stop;
  const high = levels[above];
  if (!high) return low.rgb;
  const share = (value - low.least) / (high.least - low.least);
  return [0, 1, 2].map((at) => Math.round((low.rgb[at] as number) * (1 - share) + (high.rgb[at] as number) * share)) as [number, number, number];
}

function linesPath(lines: Lines, step: number, shift: number): Path2D {
  const path = new Path2D();
  for (let at = 0; at < lines.length; at += 4) {
    path.moveTo((lines[at] as number) * step + shift, (lines[at + 1] as number) * step + shift);
    path.lineTo((lines[at + 2] as number) * step + shift, (lines[at + 3] as number) * step + shift);
  }
  return path;
}

function pointsPath(chains: readonly (readonly Point[])[], closed: boolean): Path2D {
  const path = new Path2D();
  for (const chain of chains) {
    chain.forEach(([x, y], index) => (index === 0 ? path.moveTo(x + 0.5, y + 0.5) : path.lineTo(x + 0.5, y + 0.5)));
    if (closed) path.closePath();
  }
  return path;
}

/** Lines are as wide on the screen wherever they lie, so the path is carried over and not the pen. */
function stroke(context: CanvasRenderingContext2D, space: DOMMatrix, path: Path2D, colour: string, width: number): void {
  const onCanvas = new Path2D();
  onCanvas.addPath(path, space);
  context.resetTransform();
  Object.assign(context, { strokeStyle: colour, lineWidth: width, lineJoin: 'round', lineCap: 'round' });
  context.stroke(onCanvas);
}

function paintLines(context: CanvasRenderingContext2D, space: DOMMatrix, { outline, rings, open, colour, opacity }: StructureLayer, width: number, ratio: number): void {
  if (outline) stroke(context, space, linesPath(outline, 1, 0), colour, width);
  if (rings) {
    const path = pointsPath(rings, true);
    context.setTransform(space);
    Object.assign(context, { fillStyle: colour, globalAlpha: opacity });
    context.fill(path, 'evenodd');
    context.globalAlpha = 1;
    stroke(context, space, path, colour, width);
  }
  if (!open) return;
  stroke(context, space, pointsPath(open.filter(({ length }) => length > 1), false), colour, width);
  for (const [point] of open.filter(({ length }) => length === 1)) if (point) stroke(context, new DOMMatrix(), mark(space, point, MARK * ratio), colour, width);
}

/** A cross on a point, as large on the screen wherever it lies. */
function mark(space: DOMMatrix, [x, y]: Point, size: number): Path2D {
  const { x: cx, y: cy } = space.transformPoint(new DOMPoint(x + 0.5, y + 0.5));
  return new Path2D(`M${cx - size} ${cy}h${2 * size}M${cx} ${cy - size}v${2 * size}`);
}
