// A volume in three dimensions: its slices into textures, first the preview's; camera, preset, clipping; what is drawn of it.

import type { Vector } from '../../core/geometry';
import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { pictureInfo } from '../../core/picture-info';
import { previewGeometry, type Preview } from '../../core/preview';
import type { DisplaySet, Picture } from '../../core/stack';
import { chosenSuv } from '../../core/suv';
import type { Volume, VolumeGeometry } from '../../core/volume';
import { lookFrom, panBy, turn, zoomBy, type Camera, type ViewName } from '../../core/volume3d/camera';
import { Histogram } from '../../core/volume3d/histogram';
import { projectionQuery, type PictureSize } from '../../core/volume3d/projection';
import { gridOf, LayerBuilder, type Layer } from '../../core/volume3d/layers';
import { TextureSpace, type Limits } from '../../core/volume3d/space';
import { textureRange, transferTable, volumePresets, type Range, type VolumePreset } from '../../core/volume3d/transfer';
import type { BitmapStore } from '../bitmap-store';
import type { PlaneServer } from '../mpr/server-planes';
import type { Ticket } from '../../net/queue';
import { Cuts, type CanvasPoint } from './cuts';
import { keepTransfer, keptTransfer } from './kept-transfer';
import { Painter } from './painter';
import { Projector } from './projector';
import { normal, PhaseTextures, type Held } from './phase-textures';
import { VolumeRenderer, type Scene } from './renderer';
import { reduction, wholeVolume, type Drawable } from './whole-volume';

export interface Volume3dState {
  presets: readonly VolumePreset[];
  preset: VolumePreset;
  mode: 'volume' | 'mip';
  /** Moves the preset's points, in the units of the image. */
  shift: number;
  /** Multiplies opacity. */
  opacity: number;
  shaded: boolean;
  /** What is on screen, counted; absent before anything is. */
  histogram: Histogram | undefined;
  /** The unit values are told in, and what they are multiplied by for it. */
  axis: { factor: number; unit: string };
  /** What the scissors do with what they encircle; undefined while dragging turns. */
  scissors: 'remove' | 'keep' | undefined;
  /** The line being drawn. */
  outline: readonly CanvasPoint[];
  cuts: number;
  /** How deep the plane lies that can be moved, in parts of the volume; 0: there is none. */
  plane: number;
  /** Of a MIP. */
  window: { center: number; width: number };
  range: Range;
  camera: Camera;
  /** Kept parts along columns, rows and slices, 0 to 1. */
  clip: readonly [Vector, Vector];
  /** Which phase is wanted, and which is on screen while that is not there yet. */
  phase: number;
  drawn: number;
  /** Slices of the wanted phase. */
  loaded: number;
  total: number;
  failed: number;
  /** What is on screen: nothing yet, the preview, all slices, or a projection by the archive. */
  shown: 'nothing' | 'preview' | 'slices' | 'projection';
  /** Pixels of a row, or slices, that were made one in what is on screen. */
  factor: number;
  /** A picture at rest is on the canvas. */
  settled: boolean;
  /** Why nothing can be drawn. */
  problem: string;
}

const WHOLE: readonly [Vector, Vector] = [[0, 0, 0], [1, 1, 1]];
/** What a MIP of a CT shows at first: contrast and bone. */
const CT_MIP = { center: 250, width: 900 };
/** Turns a volume by dragging over the height of the pane. */
const TURN = Math.PI;
/** Samples a texel. */
const SAMPLES = 1.6;

export class Volume3dSession {
  readonly changed = new Signal();
  private current: Volume3dState;
  private renderer: VolumeRenderer | undefined;
  private painter: Painter | undefined;
  private shown: Drawable | undefined;
  /** With all pixels, where what is shown has fewer. */
  private whole: Drawable | undefined;
  private drawn: Held | undefined;
  /** Of which `whole` was made, or could not be. */
  private completed: Held | undefined;
  private textures: PhaseTextures | undefined;
  private readonly cuts = new Cuts();
  private ranged = false;
  private disposed = false;
  private element: HTMLCanvasElement | undefined;
  /** Draws where there is no graphics processor. */
  private projector: Projector | undefined;
  private asked: Ticket<ImageBitmap> | undefined;
  private readonly ownSpace: TextureSpace;

  constructor(
    readonly source: DisplaySet,
    private readonly volume: Volume,
    private readonly store: BitmapStore,
    private readonly preview: Promise<Preview | undefined>,
    /** What projects it where there is no graphics processor. */
    private readonly archive: PlaneServer | undefined,
  ) {
    this.ownSpace = new TextureSpace(volume.geometry, gridOf(volume.geometry, 4096));
    this.windowed = source.modality === 'CT';
    const presets = volumePresets(source.modality);
    const range = { low: -1024, high: 3071 };
    this.current = {
      presets, preset: keptTransfer(presets[0] as VolumePreset), histogram: undefined, axis: axisOf(volume), mode: 'volume', shift: 0, opacity: 1, shaded: true,
      scissors: undefined, outline: [], cuts: 0, plane: 0,
      window: CT_MIP, range, camera: lookFrom('A'), clip: WHOLE,
      phase: source.phase ?? 0, drawn: source.phase ?? 0, loaded: 0, total: volume.pictures.length, failed: 0, shown: 'nothing', factor: 1, settled: false, problem: '',
    }; // prettier-ignore
  }

  /** Whether there is a window that fits the values. */
  windowed: boolean;

  readonly state = (): Volume3dState => this.current;
  /** What the archive projected is drawn on. */
  get projection(): HTMLCanvasElement | undefined {
    return this.projector?.canvas;
  }
  get notes(): readonly string[] {
    return this.volume.notes;
  }

  /** How many of the phases are kept; fewer than all play as they come. */
  get held(): { fit: number; count: number } {
    return { fit: this.textures?.fit ?? 1, count: this.textures?.count ?? 1 };
  }

  /** Shows another phase once it is there; camera and transfer function stay. */
  setPhase(phase: number): void {
    const held = phase === this.current.phase ? undefined : this.textures?.want(phase);
    if (!held) return;
    this.update({ phase, loaded: held.loaded, failed: held.failed, total: held.total });
    if (held.whole) this.show(held);
  }

  /** Whether a phase can be drawn at once. */
  isReady(phase: number): boolean {
    return this.textures?.isWhole(phase) ?? false;
  }

  /** Begins to draw on a canvas. */
  attach(canvas: HTMLCanvasElement): void {
    this.element = canvas;
    let renderer: VolumeRenderer;
    try {
      renderer = new VolumeRenderer(canvas);
    } catch (error) {
      this.project(error instanceof Error ? error.message : t('3D cannot be drawn here'));
      return;
    }
    this.stopProjecting();
    this.update({ problem: '', shown: 'nothing', settled: false });
    this.renderer = renderer;
    renderer.setCuts(this.cuts.pictures);
    this.painter = new Painter(canvas, renderer, () => this.scenes(canvas.width / canvas.height), (level) => this.rested(renderer, level));
    void this.fill(renderer);
  }

  /** The graphics processor went away: what it held is gone, what one looks at and from where stays. */
  detach(problem: string): void {
    this.textures?.dispose();
    this.painter?.dispose();
    [this.textures, this.painter, this.renderer, this.shown, this.whole, this.drawn, this.ranged] = [undefined, undefined, undefined, undefined, undefined, undefined, false];
    this.update({ loaded: 0, failed: 0, shown: 'nothing', settled: false });
    this.project(problem);
  }

  /** Has the archive draw what cannot be drawn here, where it can; else says why there is nothing. */
  private project(problem: string): void {
    this.stopProjecting();
    this.update({ problem: this.archive ? '' : problem });
    if (!this.archive) return;
    if (!this.windowed) void this.preview.then((preview) => preview && !this.ranged && this.setRange(preview.values)).catch(() => undefined);
    this.projector = new Projector(
      () => this.element ?? { width: 1, height: 1 },
      (size) => this.projected(size),
      (rests) => this.update({ shown: 'projection', settled: rests, problem: '' }),
      (error) => this.update({ problem: error instanceof Error ? error.message : problem }),
    );
    this.projector.ask();
  }

  private stopProjecting(): void {
    this.projector?.dispose();
    this.asked?.cancel();
    [this.projector, this.asked] = [undefined, undefined];
  }

  private projected(size: PictureSize): Promise<ImageBitmap> {
    const { client, queue } = this.archive as PlaneServer;
    const { camera, window } = this.current;
    const { instance } = this.volume.pictures[0] as Picture;
    const query = projectionQuery(this.ownSpace, camera, size, this.windowed ? window : undefined, instance.frames > 1 ? instance.SOPInstanceUID : '');
    this.asked = queue.add('interaction', async (signal) => {
      const { body, told } = await client.plane(instance.dataSet, query, signal);
      if (told.slices !== this.volume.pictures.length) throw new Error(t('The archive makes a volume of other images than these'));
      this.update({ factor: told.factor ?? 1 });
      return createImageBitmap(new Blob([body]));
    });
    return this.asked.result;
  }

  resized(): void {
    this.redraw();
  }

  /** Drags by parts of the pane's height: turns. */
  turn(across: number, down: number): void {
    this.look(turn(this.current.camera, across * TURN, down * TURN));
  }

  pan(across: number, down: number): void {
    const high = this.space.diagonal / this.current.camera.zoom;
    this.look(panBy(this.current.camera, across * high, -down * high));
  }

  zoom(factor: number): void {
    this.look(zoomBy(this.current.camera, factor));
  }

  lookFrom(side: ViewName): void {
    this.look({ ...lookFrom(side), zoom: this.current.camera.zoom });
  }

  choose(change: Partial<Pick<Volume3dState, 'preset' | 'mode' | 'shift' | 'opacity' | 'shaded' | 'window' | 'clip'>>): void {
    this.update(change.preset ? { shift: 0, opacity: 1, mode: 'volume', ...change, preset: keptTransfer(change.preset) } : change);
    this.retable();
    this.redraw();
  }

  /** Whether the points are others than the preset's own. */
  get edited(): boolean {
    return this.original.points !== this.current.preset.points;
  }

  /** Changes the points of the preset, which is kept so while the window is open. */
  edit(preset: VolumePreset): void {
    keepTransfer(preset, preset.points);
    this.update({ preset });
    this.retable();
    this.redraw();
  }

  resetTransfer(): void {
    keepTransfer(this.original, undefined);
    this.choose({ preset: this.original });
  }

  private get original(): VolumePreset {
    return this.current.presets.find(({ id }) => id === this.current.preset.id) as VolumePreset;
  }

  setScissors(scissors: Volume3dState['scissors']): void {
    this.update({ scissors, outline: [] });
  }

  /** The line drawn so far; none: it was given up. */
  draw(outline: readonly CanvasPoint[]): void {
    this.update({ outline });
  }

  /** Cuts along the line that was drawn. */
  cut(aspect: number): void {
    const { outline, camera, scissors } = this.current;
    if (this.shown && scissors) this.cuts.make(outline, this.shown.space, camera, aspect, scissors === 'keep');
    this.update({ outline: [] });
    this.recut();
  }

  /** Lays a plane across the line of sight, or moves the one that is being laid. */
  layPlane(depth: number): void {
    if (!this.shown) return;
    const laid = this.cuts.lay(depth, this.shown.space, this.current.camera);
    this.recut(laid ? depth : 0);
  }

  /** Leaves the plane where it is; the next one is another. */
  holdPlane(): void {
    this.cuts.hold();
    this.update({ plane: 0 });
  }

  /** False where nothing is cut. */
  undoCut(): boolean {
    if (this.cuts.count === 0) return false;
    this.cuts.undo();
    this.recut();
    return true;
  }

  forgetCuts(): void {
    this.cuts.forget();
    this.recut();
  }

  private recut(plane = 0): void {
    this.renderer?.setCuts(this.cuts.pictures);
    this.update({ cuts: this.cuts.count, plane });
    this.redraw();
  }

  reset(): void {
    this.forgetCuts();
    this.update({ camera: lookFrom('A'), clip: WHOLE, shift: 0, opacity: 1, scissors: undefined, outline: [] });
    this.retable();
    this.redraw();
  }

  /** What clipping and scissors have left. */
  kept(): { cuts: Cuts['all']; limits: Limits | undefined } {
    const { clip: [low, high] } = this.current;
    const whole = low.every((part) => part <= 0) && high.every((part) => part >= 1);
    return { cuts: this.cuts.all, limits: whole ? undefined : this.space.limits(low, high) };
  }

  /** What is on screen, to be copied at once; nothing while it is still being drawn. */
  canvas(): HTMLCanvasElement | undefined {
    return this.projector ? this.projector.fresh() : this.painter?.fresh();
  }

  /** For tests: where a place in the patient is on the canvas, in parts of its width and height from the upper left. */
  onCanvas(place: Vector, aspect: number): [number, number] {
    const at = this.space.onScreen(place, this.current.camera, aspect);
    return [(at[0] + 1) / 2, (1 - at[1]) / 2];
  }

  private get space(): TextureSpace {
    return this.shown?.space ?? this.ownSpace;
  }

  get speed(): { frame: number; scale: number } {
    return { frame: this.painter?.lastFrame ?? 0, scale: this.painter?.scale ?? 0 };
  }

  dispose(): void {
    this.disposed = true;
    this.stopProjecting();
    this.textures?.dispose();
    this.painter?.dispose();
    this.renderer?.dispose();
  }

  private look(camera: Camera): void {
    this.update({ camera });
    this.redraw();
  }

  private redraw(): void {
    if (this.current.settled) this.update({ settled: false, factor: this.shown?.factor ?? this.current.factor });
    this.painter?.ask();
    this.projector?.ask();
  }

  /** A picture at rest is on the canvas: of what is turned, or of the whole volume. */
  private rested(renderer: VolumeRenderer, level: number): void {
    this.update({ settled: true, factor: (level > 0 ? this.whole : this.shown)?.factor ?? 1 });
    if (renderer.slow && this.drawn && this.drawn !== this.completed) void this.complete(renderer, this.drawn);
  }

  /** What is held reduced, for the sake of turning it, is drawn with all its pixels once it rests. */
  private async complete(renderer: VolumeRenderer, held: Held): Promise<void> {
    this.completed = held;
    const whole = await wholeVolume({ renderer, store: this.store }, held, this.current.range, () => !this.disposed && this.drawn === held);
    if (whole) this.whole = whole;
    this.painter?.refine();
  }

  private retable(): void {
    const { preset, range, shift, opacity } = this.current;
    this.renderer?.setTable(transferTable(preset, range, shift, opacity));
  }

  private scenes(aspect: number): Scene[] {
    return [this.shown, this.whole].flatMap((volume) => (volume ? [this.scene(volume, aspect)] : []));
  }

  private scene({ geometry, space, texture }: Drawable, aspect: number): Scene {
    const { camera, clip, mode, window, range, shaded } = this.current;
    const part = (value: number): number => (value - range.low) / (range.high - range.low);
    const { grid } = texture;
    return {
      volume: texture,
      rays: space.rays(camera, aspect),
      axes: [space.direction([1, 0, 0]), space.direction([0, 1, 0]), space.direction([0, 0, 1])],
      light: camera.away,
      low: clip[0],
      high: clip[1],
      mode,
      window: [part(window.center - window.width / 2), part(window.center + window.width / 2)],
      shaded,
      cuts: this.cuts.planes(space),
      pace: Math.min(geometry.columnStep * grid.factor, geometry.rowStep * grid.factor, grid.step) / SAMPLES,
    };
  }

  private async fill(renderer: VolumeRenderer): Promise<void> {
    const preview = await this.preview.catch(() => undefined);
    if (this.disposed || this.renderer !== renderer) return;
    const geometry = preview && previewGeometry(preview, this.volume);
    if (preview && geometry) this.showPreview(renderer, preview, geometry);
    else if (this.source.modality === 'CT') this.setRange(new Float32Array());
    const { source, volume, store } = this;
    this.textures = new PhaseTextures({
      source, volume, store, renderer,
      range: () => (this.ranged ? this.current.range : undefined),
      findRange: (layers) => this.setRange(joined(layers)),
      onProgress: ({ phase, loaded, failed }) => {
        if (phase === this.current.phase) this.update({ loaded, failed });
      },
      onWhole: (held) => {
        if (held.phase === this.current.phase) this.show(held);
      },
    }); // prettier-ignore
    this.textures.want(this.current.phase);
  }

  private setRange(values: Float32Array): void {
    const range = textureRange(this.source.modality, values);
    this.ranged = true;
    this.update({ range, ...(this.windowed ? {} : { window: { center: (range.low + range.high) / 2, width: range.high - range.low } }) });
    this.windowed = true;
    this.retable();
    this.projector?.ask();
  }

  private showPreview(renderer: VolumeRenderer, preview: Preview, geometry: VolumeGeometry): void {
    this.setRange(preview.values);
    const grid = gridOf(geometry, 4096);
    const builder = new LayerBuilder(grid, geometry);
    const texture = renderer.begin(grid);
    const size = preview.columns * preview.rows;
    const histogram = new Histogram(this.current.range);
    geometry.places.forEach((_, index) => {
      const done = builder.put(index, preview.values.subarray(index * size, (index + 1) * size), preview.columns, preview.rows, 1, 0);
      for (const { layer, values } of done) {
        histogram.add(values);
        texture.put(layer, normal(values, this.current.range));
      }
    });
    this.shown = { geometry, space: new TextureSpace(geometry, grid), texture, factor: preview.factor };
    this.update({ shown: 'preview', factor: preview.factor, histogram });
    this.redraw();
  }

  /** A preview is worth more than a volume with holes. */
  private show(held: Held): void {
    if (held.failed > 0 && this.current.shown === 'preview') return;
    this.textures?.keep(held);
    if (!this.drawn) this.shown?.texture.drop();
    this.whole?.texture.drop();
    const { geometry, space, phase, texture } = held;
    const factor = reduction(geometry, texture.grid);
    [this.drawn, this.shown, this.whole] = [held, { geometry, space, texture, factor }, undefined];
    this.update({ shown: 'slices', factor, drawn: phase, histogram: held.histogram });
    this.redraw();
  }

  private update(change: Partial<Volume3dState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

/** SUV where it is known, else the unit of the values. */
function axisOf({ pictures }: Volume): Volume3dState['axis'] {
  const { transform } = pictureInfo(pictures[0] as Picture);
  const suv = chosenSuv(transform.suv?.factors, undefined);
  return suv ? { factor: suv.factor, unit: suv.label } : { factor: 1, unit: transform.unit };
}

function joined(layers: readonly Layer[]): Float32Array {
  const whole = new Float32Array(layers.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of layers) {
    whole.set(values, at);
    at += values.length;
  }
  return whole;
}
