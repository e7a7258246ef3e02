// Paints the tiles that are there: coarse levels below, the finest wanted on top, each in its place.

import { tilesIn, type Level, type Slide } from '../../core/slide/pyramid';
import type { Tile } from '../../core/slide/tiles';
import { seen, type Box, type SlideView } from '../../core/slide/view';
import type { Size } from '../../core/view';

export interface Layer {
  path: string;
  plane: number;
}

type Bitmaps = (id: string) => ImageBitmap | undefined;

/** Tiles of a level that lie in a box of the slide. */
export function levelTiles(level: Level, { left, top, right, bottom }: Box, layer: Layer): Tile[] {
  return tilesIn(level, { left: left / level.stepX, right: right / level.stepX, top: top / level.stepY, bottom: bottom / level.stepY, ...layer });
}

/** Tiles from the middle outward. */
export function fromMiddle(tiles: readonly Tile[], level: Level, { x, y }: SlideView): Tile[] {
  const away = (tile: Tile): number => Math.hypot((tile.x + level.tileColumns / 2) * level.stepX - x, (tile.y + level.tileRows / 2) * level.stepY - y);
  return [...tiles].sort((a, b) => away(a) - away(b));
}

export function paintSlide(context: CanvasRenderingContext2D, slide: Slide, view: SlideView, screen: Size & { density: number }, finest: number, layer: Layer, get: Bitmaps): void {
  const { density } = screen;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.translate((screen.width / 2) * density, (screen.height / 2) * density);
  context.rotate((view.turn * Math.PI) / 180);
  context.scale(view.scale * density, view.scale * density);
  context.translate(-view.x, -view.y);
  context.imageSmoothingEnabled = view.scale * density < 2;
  const box = seen(view, slide, screen);
  for (const level of slide.levels.slice(finest).reverse()) paintLevel(context, level, levelTiles(level, box, layer), view.scale * density, get);
}

function paintLevel(context: CanvasRenderingContext2D, level: Level, tiles: readonly Tile[], scale: number, get: Bitmaps): void {
  const overlap = 1 / scale; // a pixel of the screen, so that no seam shows
  for (const tile of tiles) {
    const bitmap = get(tile.id);
    if (!bitmap) continue;
    const [wide, high] = [Math.min(bitmap.width, level.columns - tile.x), Math.min(bitmap.height, level.rows - tile.y)];
    if (wide <= 0 || high <= 0) continue;
    const inner = (at: number, size: number, most: number): number => (at + size < most ? overlap : 0);
    context.drawImage(bitmap, 0, 0, wide, high, tile.x * level.stepX, tile.y * level.stepY, wide * level.stepX + inner(tile.x, wide, level.columns), high * level.stepY + inner(tile.y, high, level.rows));
  }
}
