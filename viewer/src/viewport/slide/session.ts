// A slide that is open in a pane: how it lies, which path and plane, which tiles are fetched, and its two canvases. No React.

import { Signal } from '../../core/lifecycle';
import { readSlide, type Slide } from '../../core/slide/pyramid';
import type { Tile } from '../../core/slide/tiles';
import { bounded, cornersOf, fitScale, fitted, levelFor, panned, seen, toPane, turned, zoomed, type SlideView } from '../../core/slide/view';
import type { DisplaySet } from '../../core/stack';
import type { Point, Size } from '../../core/view';
import type { Measured } from '../measure/shown';
import { measuredSlide, slideOn } from './measured';
import { fromMiddle, levelTiles, paintSlide, type Layer } from './paint';
import type { TileStore } from './tile-store';

export interface SlideState {
  view: SlideView;
  pane: Size;
  path: number;
  plane: number;
  profiled: boolean;
  /** The number of the level that the screen asks for. */
  level: number;
  /** Tiles that are still to come; more than none until something was drawn. */
  waiting: number;
  /** There are more tiles in sight than are fetched: those in the middle are. */
  tooMany: boolean;
  failure: string;
}

/** The longer side of the map, in CSS pixels, and how many tiles it may cost. */
const [MAP_SIDE, MAP_TILES] = [150, 64];
/** Tiles on screen that are fetched at once; a slide without coarse levels would want all it has. */
const MOST_TILES = 600;

export class SlideSession {
  readonly changed = new Signal();
  readonly slide: Slide;
  readonly mapSize: Size;
  /** As measuring tools see it. */
  readonly measured: Measured;
  private current: SlideState;
  private canvas: HTMLCanvasElement | undefined;
  private map: HTMLCanvasElement | undefined;
  private frame = 0;

  constructor(
    set: DisplaySet,
    private readonly store: TileStore,
  ) {
    this.slide = readSlide(set.instances);
    const { columns, rows, planes } = this.slide;
    const largest = Math.max(columns, rows);
    this.mapSize = { width: Math.max(24, (MAP_SIDE * columns) / largest), height: Math.max(24, (MAP_SIDE * rows) / largest) };
    this.current = { view: { x: columns / 2, y: rows / 2, scale: 0, turn: 0 }, pane: { width: 0, height: 0 }, path: 0, plane: planes.length >> 1, profiled: false, level: 0, waiting: 1, tooMany: false, failure: '' };
    this.measured = measuredSlide(set, this.slide, this.state);
    store.changed.listen(() => this.later());
  }

  readonly state = (): SlideState => this.current;

  /** Draws on these from now on. */
  attach(canvas: HTMLCanvasElement, map: HTMLCanvasElement | undefined): void {
    this.canvas = canvas;
    slideOn.set(canvas, this.measured);
    this.map = map;
    this.later();
  }

  resized(pane: Size): void {
    if (pane.width < 1 || pane.height < 1) return;
    const first = this.current.view.scale === 0;
    this.update({ pane, view: first ? fitted(this.slide, pane) : bounded(this.current.view, this.slide, pane) });
  }

  fit(): void {
    this.update({ view: fitted(this.slide, this.current.pane, this.current.view.turn) });
  }

  pan(dx: number, dy: number): void {
    this.update({ view: panned(this.current.view, dx, dy, this.slide, this.current.pane) });
  }

  zoom(factor: number, at?: Point): void {
    const { view, pane } = this.current;
    this.update({ view: zoomed(view, factor, at ?? [pane.width / 2, pane.height / 2], this.slide, pane) });
  }

  turn(degrees: number): void {
    this.update({ view: turned(this.current.view, degrees, this.slide, this.current.pane) });
  }

  /** Brings a place into the middle unless it is in sight. */
  lookAt(place: Point): void {
    const { view, pane } = this.current;
    const [x, y] = toPane(place, view, pane);
    if (x < 0 || y < 0 || x > pane.width || y > pane.height) this.update({ view: bounded({ ...view, x: place[0], y: place[1] }, this.slide, pane) });
  }

  /** Brings a place of the map, in parts of its sides, into the middle. */
  goTo(x: number, y: number): void {
    this.update({ view: bounded({ ...this.current.view, x: x * this.slide.columns, y: y * this.slide.rows }, this.slide, this.current.pane) });
  }

  show(change: Partial<Pick<SlideState, 'path' | 'plane'>>): void {
    this.update(change);
  }

  useProfile(profiled: boolean): void {
    this.store.useProfile(profiled);
    this.update({ profiled });
  }

  retry(): void {
    this.store.retry();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.store.dispose();
  }

  /** Where a pixel of the finest level lies in the pane. */
  readonly pixelToPane = (column: number, row: number): Point => toPane([column + 0.5, row + 0.5], this.current.view, this.current.pane);

  private get layer(): Layer {
    return { path: this.slide.paths[this.current.path]?.id ?? '', plane: this.slide.planes[this.current.plane] ?? 0 };
  }

  private update(change: Partial<SlideState>): void {
    this.current = { ...this.current, ...change };
    this.later();
  }

  private later(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { slide, store } = this;
    const { view, pane } = this.current;
    if (!this.canvas || view.scale === 0) return;
    const density = Math.min(2, devicePixelRatio || 1);
    const level = levelFor(slide.levels, view.scale, density);
    const onScreen = this.onScreen(level);
    const tooMany = onScreen.length > MOST_TILES;
    store.want(this.wanted(onScreen.slice(0, MOST_TILES)));
    const context = sized(this.canvas, pane, density);
    if (context) paintSlide(context, slide, view, { ...pane, density }, level, this.layer, (id) => store.get(id));
    this.drawMap(density);
    this.current = { ...this.current, level, tooMany, waiting: store.waiting, failure: store.failure };
    this.changed.emit();
  }

  /** The whole in its coarsest level first where that is cheap, then what is on screen, from its middle outward. */
  private wanted(onScreen: readonly Tile[]): Tile[] {
    const whole = this.wholeTiles();
    return [...whole, ...onScreen.filter(({ id }) => whole.every((tile) => tile.id !== id))];
  }

  private onScreen(level: number): Tile[] {
    const { view, pane } = this.current;
    const fine = this.slide.levels[level];
    return fine ? fromMiddle(levelTiles(fine, seen(view, this.slide, pane), this.layer), fine, view) : [];
  }

  private wholeTiles(): Tile[] {
    const { slide } = this;
    const coarsest = slide.levels.at(-1);
    const tiles = coarsest ? levelTiles(coarsest, { left: 0, top: 0, right: slide.columns, bottom: slide.rows }, this.layer) : [];
    return tiles.length <= MAP_TILES ? tiles : [];
  }

  private drawMap(density: number): void {
    const { slide, store, mapSize } = this;
    const context = this.map && sized(this.map, mapSize, density);
    if (!context) return;
    const scale = mapSize.width / slide.columns;
    const whole: SlideView = { x: slide.columns / 2, y: slide.rows / 2, scale, turn: 0 };
    paintSlide(context, slide, whole, { ...mapSize, density }, slide.levels.length - 1, this.layer, (id) => store.get(id));
    const { view, pane } = this.current;
    if (fitScale(slide, pane, view.turn) >= view.scale) return;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.beginPath();
    for (const [x, y] of cornersOf(view, pane)) context.lineTo(x * scale, (y * mapSize.height) / slide.rows);
    context.closePath();
    context.lineWidth = 2;
    context.strokeStyle = '#1673e6';
    context.stroke();
  }
}

function sized(canvas: HTMLCanvasElement, { width, height }: Size, density: number): CanvasRenderingContext2D | null {
  const [wide, high] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  return canvas.getContext('2d');
}
