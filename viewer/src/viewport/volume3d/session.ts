// A volume in three dimensions: its slices into textures, first the preview's; camera, preset, clipping; what is drawn of it.

import type { Vector } from '../../core/geometry';
import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { pictureInfo } from '../../core/picture-info';
import { previewGeometry, type Preview } from '../../core/preview';
import type { DisplaySet, Picture } from '../../core/stack';
import type { Volume, VolumeGeometry } from '../../core/volume';
import { lookFrom, panBy, turn, zoomBy, type Camera, type ViewName } from '../../core/volume3d/camera';
import { isAbort } from '../../net/queue';
import { gridOf, LayerBuilder, type Grid } from '../../core/volume3d/layers';
import { TextureSpace } from '../../core/volume3d/space';
import { textureRange, transferTable, volumePresets, type Range, type VolumePreset } from '../../core/volume3d/transfer';
import type { BitmapStore } from '../bitmap-store';
import { Painter } from './painter';
import { VolumeRenderer, type Scene } from './renderer';

export interface Volume3dState {
  presets: readonly VolumePreset[];
  preset: VolumePreset;
  mode: 'volume' | 'mip';
  /** Moves the preset's points, in the units of the image. */
  shift: number;
  /** Multiplies opacity. */
  opacity: number;
  shaded: boolean;
  /** Of a MIP. */
  window: { center: number; width: number };
  range: Range;
  camera: Camera;
  /** Kept parts along columns, rows and slices, 0 to 1. */
  clip: readonly [Vector, Vector];
  loaded: number;
  total: number;
  failed: number;
  /** What is on screen: nothing yet, the preview, or all slices. */
  shown: 'nothing' | 'preview' | 'slices';
  /** Pixels of a row that were made one, in what is on screen. */
  factor: number;
  /** The fine picture is on the canvas. */
  settled: boolean;
  /** Why nothing can be drawn. */
  problem: string;
}

const AT_ONCE = 6;
const WHOLE: readonly [Vector, Vector] = [[0, 0, 0], [1, 1, 1]];
/** What a MIP of a CT shows at first: contrast and bone. */
const CT_MIP = { center: 250, width: 900 };
/** Turns a volume by dragging over the height of the pane. */
const TURN = Math.PI;
/** Samples a texel. */
const SAMPLES = 1.6;

type Slices = { geometry: VolumeGeometry; grid: Grid; space: TextureSpace };

export class Volume3dSession {
  readonly changed = new Signal();
  private current: Volume3dState;
  private renderer: VolumeRenderer | undefined;
  private painter: Painter | undefined;
  private shown: Slices | undefined;
  private ranged = false;
  private readonly life = new AbortController();
  private waiting: number[];

  constructor(
    readonly source: DisplaySet,
    private readonly volume: Volume,
    private readonly store: BitmapStore,
    private readonly preview: Promise<Preview | undefined>,
  ) {
    const presets = volumePresets(source.modality);
    const range = { low: -1024, high: 3071 };
    this.current = {
      presets, preset: presets[0] as VolumePreset, mode: 'volume', shift: 0, opacity: 1, shaded: true,
      window: CT_MIP, range, camera: lookFrom('A'), clip: WHOLE,
      loaded: 0, total: volume.pictures.length, failed: 0, shown: 'nothing', factor: 1, settled: false, problem: '',
    }; // prettier-ignore
    this.waiting = volume.pictures.map((_, index) => index);
  }

  readonly state = (): Volume3dState => this.current;
  get notes(): readonly string[] {
    return this.volume.notes;
  }

  /** Begins to draw on a canvas. */
  attach(canvas: HTMLCanvasElement): void {
    let renderer: VolumeRenderer;
    try {
      renderer = new VolumeRenderer(canvas);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : t('3D cannot be drawn here'));
      return;
    }
    this.renderer = renderer;
    this.painter = new Painter(canvas, renderer, () => this.scene(canvas.width / canvas.height), () => this.update({ settled: true }));
    void this.fill(renderer);
  }

  fail(problem: string): void {
    this.update({ problem });
  }

  resized(): void {
    this.painter?.ask();
  }

  /** Drags by parts of the pane's height: turns. */
  turn(across: number, down: number): void {
    this.look(turn(this.current.camera, across * TURN, down * TURN));
  }

  pan(across: number, down: number): void {
    const high = this.shown ? this.shown.space.diagonal / this.current.camera.zoom : 0;
    this.look(panBy(this.current.camera, across * high, -down * high));
  }

  zoom(factor: number): void {
    this.look(zoomBy(this.current.camera, factor));
  }

  lookFrom(side: ViewName): void {
    this.look({ ...lookFrom(side), zoom: this.current.camera.zoom });
  }

  choose(change: Partial<Pick<Volume3dState, 'preset' | 'mode' | 'shift' | 'opacity' | 'shaded' | 'window' | 'clip'>>): void {
    this.update(change.preset ? { shift: 0, opacity: 1, mode: 'volume', ...change } : change);
    this.retable();
    this.redraw();
  }

  reset(): void {
    this.update({ camera: lookFrom('A'), clip: WHOLE, shift: 0, opacity: 1 });
    this.retable();
    this.redraw();
  }

  /** What is on screen, to be copied at once; nothing while it is still being drawn. */
  canvas(): HTMLCanvasElement | undefined {
    return this.painter?.fresh();
  }

  /** For tests: where a place in the patient is on the canvas, in parts of its width and height from the upper left. */
  onCanvas(place: Vector, aspect: number): [number, number] | undefined {
    const at = this.shown?.space.onScreen(place, this.current.camera, aspect);
    return at && [(at[0] + 1) / 2, (1 - at[1]) / 2];
  }

  get speed(): { frame: number; scale: number } {
    return { frame: this.painter?.lastFrame ?? 0, scale: this.painter?.scale ?? 0 };
  }

  dispose(): void {
    this.life.abort();
    this.painter?.dispose();
    this.renderer?.dispose();
  }

  private look(camera: Camera): void {
    this.update({ camera });
    this.redraw();
  }

  private redraw(): void {
    if (this.current.settled) this.update({ settled: false });
    this.painter?.ask();
  }

  private retable(): void {
    const { preset, range, shift, opacity } = this.current;
    this.renderer?.setTable(transferTable(preset, range, shift, opacity));
  }

  private scene(aspect: number): Scene | undefined {
    const { shown } = this;
    if (!shown) return undefined;
    const { camera, clip, mode, window, range, shaded } = this.current;
    const part = (value: number): number => (value - range.low) / (range.high - range.low);
    const { space, grid, geometry } = shown;
    return {
      rays: space.rays(camera, aspect),
      axes: [space.direction([1, 0, 0]), space.direction([0, 1, 0]), space.direction([0, 0, 1])],
      light: camera.away,
      low: clip[0],
      high: clip[1],
      mode,
      window: [part(window.center - window.width / 2), part(window.center + window.width / 2)],
      shaded,
      pace: Math.min(geometry.columnStep * grid.factor, geometry.rowStep * grid.factor, grid.step) / SAMPLES,
    };
  }

  private async fill(renderer: VolumeRenderer): Promise<void> {
    const preview = await this.preview.catch(() => undefined);
    if (this.life.signal.aborted) return;
    const geometry = preview && previewGeometry(preview, this.volume);
    if (preview && geometry && this.current.shown === 'nothing') this.showPreview(renderer, preview, geometry);
    await this.loadSlices(renderer);
  }

  private setRange(values: Float32Array): void {
    const range = textureRange(this.source.modality, values);
    this.ranged = true;
    this.update({ range, ...(this.source.modality === 'CT' ? {} : { window: { center: (range.low + range.high) / 2, width: range.high - range.low } }) });
    this.retable();
  }

  private showPreview(renderer: VolumeRenderer, preview: Preview, geometry: VolumeGeometry): void {
    this.setRange(preview.values);
    const grid = gridOf(geometry, 4096);
    const builder = new LayerBuilder(grid, geometry);
    const texture = renderer.begin(grid);
    const size = preview.columns * preview.rows;
    geometry.places.forEach((_, index) => {
      const done = builder.put(index, preview.values.subarray(index * size, (index + 1) * size), preview.columns, preview.rows, 1, 0);
      for (const { layer, values } of done) texture.put(layer, this.normal(values));
    });
    texture.show();
    this.shown = { geometry, grid, space: new TextureSpace(geometry, grid) };
    this.update({ shown: 'preview', factor: preview.factor });
    this.redraw();
  }

  private async loadSlices(renderer: VolumeRenderer): Promise<void> {
    const { geometry } = this.volume;
    const grid = gridOf(geometry, renderer.mostSide);
    const builder = new LayerBuilder(grid, geometry);
    const texture = renderer.begin(grid);
    const held: { layer: number; values: Float32Array<ArrayBuffer> }[] = [];
    const take = (index: number, pixels: ArrayLike<number>, slope: number, intercept: number): void => {
      const done = builder.put(index, pixels, geometry.columns, geometry.rows, slope, intercept);
      if (!this.ranged && this.source.modality !== 'CT') held.push(...done);
      else for (const { layer, values } of done) texture.put(layer, this.normal(values));
    };
    if (this.source.modality === 'CT' && !this.ranged) this.setRange(new Float32Array());
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.feed(take)));
    if (this.life.signal.aborted || (this.current.failed > 0 && this.current.shown === 'preview')) {
      texture.drop();
      return;
    }
    if (held.length > 0) this.setRange(joined(held.map(({ values }) => values)));
    for (const { layer, values } of held) texture.put(layer, this.normal(values));
    texture.show();
    this.shown = { geometry, grid, space: new TextureSpace(geometry, grid) };
    this.update({ shown: 'slices', factor: grid.factor });
    this.redraw();
  }

  private async feed(take: (index: number, pixels: ArrayLike<number>, slope: number, intercept: number) => void): Promise<void> {
    for (let index = this.waiting.shift(); index !== undefined && !this.gone(); index = this.waiting.shift()) {
      const picture = this.volume.pictures[index] as Picture;
      try {
        const { pixels } = await this.store.load(this.source, picture, 'prefetch');
        const { slope, intercept } = pictureInfo(picture).transform;
        if (this.gone()) return;
        take(index, pixels, slope, intercept);
        this.update({ loaded: this.current.loaded + 1 });
      } catch (error) {
        if (isAbort(error)) this.waiting.push(index);
        else this.update({ failed: this.current.failed + 1 });
      }
      await new Promise((done) => setTimeout(done, 0));
    }
  }

  private gone(): boolean {
    return this.life.signal.aborted;
  }

  /** Values as the texture holds them. */
  private normal(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
    const { low, high } = this.current.range;
    return values.map((value) => (value - low) / (high - low));
  }

  private update(change: Partial<Volume3dState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
