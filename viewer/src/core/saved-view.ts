// What is on screen of an image, as the archive stores it in a presentation state. Pure.

import type { Shown } from './display';
import { markOf, type KeyImage } from './key-images';
import { pictureInfo } from './picture-info';
import type { Picture } from './stack';
import { paneToPixel, type ImageShape, type Point, type Size, type View } from './view';
import type { Window } from './window';
import { t } from './language';

export interface SavedGraphic {
  lines: Point[][];
  text: string;
  box: [Point, Point];
  /** What the text is about. */
  anchor?: Point;
}

export interface SavedView {
  image: KeyImage;
  label: string;
  window?: Window;
  inverse: boolean;
  /** Left, top, right and bottom pixel, counted from 1. */
  area: [number, number, number, number];
  rotation: 0 | 90 | 180 | 270;
  flipped: boolean;
  overlays: boolean;
  graphics: SavedGraphic[];
}

export interface OnScreen {
  picture: Picture;
  shape: ImageShape;
  view: View;
  pane: Size;
  grey: Shown | undefined;
  inverted: boolean;
  overlays: boolean;
  /** Measurements as they lie in the pane. */
  laid: readonly { chains: readonly { points: readonly Point[] }[]; lines: readonly string[]; label: { x: number; y: number; width: number; height: number }; tip?: Point }[];
}

/** The view of the picture; or why it cannot be stored. */
export function savedView({ picture, shape, view, pane, grey, inverted, overlays, laid }: OnScreen, label: string): SavedView | string {
  if (grey && !grey.window) return t('A lookup table is in force, which cannot be stored with a view: choose a window first');
  if (view.angle) return t('A presentation state holds quarter turns only: rotate the picture to one first');
  const toPixels = (point: Point): Point => {
    const [x, y] = paneToPixel(point, view, shape, pane);
    return [Math.round((x + 0.5) * 1000) / 1000, Math.round((y + 0.5) * 1000) / 1000];
  };
  const turns = (view.mirrored ? 4 - view.turns : view.turns) % 4;
  return {
    image: markOf(picture),
    label,
    ...(grey?.window ? { window: grey.window } : {}),
    inverse: grey !== undefined && pictureInfo(picture).lowIsBright !== inverted,
    area: areaOf(view, shape, toPixels([0, 0]), toPixels([pane.width, pane.height])),
    rotation: (turns * 90) as SavedView['rotation'],
    flipped: view.mirrored,
    overlays,
    graphics: laid.map(({ chains, lines, label: { x, y, width, height }, tip }) => {
      const corners = [toPixels([x, y]), toPixels([x + width, y + height])] as const;
      const box: [Point, Point] = [[Math.min(corners[0][0], corners[1][0]), Math.min(corners[0][1], corners[1][1])], [Math.max(corners[0][0], corners[1][0]), Math.max(corners[0][1], corners[1][1])]];
      return { lines: chains.map(({ points }) => points.map(toPixels)), text: lines.join('\n'), box, ...(tip ? { anchor: toPixels(tip) } : {}) };
    }),
  };
}

/** All of the image while it fits the pane, else what is seen. */
function areaOf({ zoom, x, y }: View, { columns, rows }: ImageShape, a: Point, b: Point): SavedView['area'] {
  if (zoom === 1 && x === 0 && y === 0) return [1, 1, columns, rows];
  return [Math.round(Math.min(a[0], b[0])) + 1, Math.round(Math.min(a[1], b[1])) + 1, Math.round(Math.max(a[0], b[0])), Math.round(Math.max(a[1], b[1]))];
}
