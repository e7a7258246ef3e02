// A series that lies over others: its voxels in a worker, what is cut out of them for each pane, its own window and colours.

import { colourScale, DEFAULT_CHOICE, automaticWindow, shownGrey, stepFor, storedNodes, type ColourScale, type GreySetting, type Shown } from '../../core/display';
import type { ColourMapId } from '../../core/colour-maps';
import { overlayCut } from '../../core/fusion';
import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { toModality } from '../../core/modality';
import { pictureInfo } from '../../core/picture-info';
import { planeOf } from '../../core/plane';
import { previewGeometry, type Preview } from '../../core/preview';
import { planeDataSet } from '../../core/reformat';
import { coarseToFine, cutKey, OUTSIDE, type Cut } from '../../core/reslice';
import type { DisplaySet, Picture } from '../../core/stack';
import { chosenSuv, type SuvChoice } from '../../core/suv';
import { isFloating, type Volume } from '../../core/volume';
import { paneToPixel, type Point } from '../../core/view';
import type { ColourNode } from '../../core/viewport-port';
import { draggedTop, draggedWindow, windowFromLimits } from '../../core/window';
import type { LoadedBitmap } from '../bitmap-store';
import { feedVolume } from '../mpr/feed';
import { Reslicer } from '../mpr/reslicer';
import type { PictureStore } from '../picture-store';
import type { PaneState } from '../stack-controller';

export interface OverlayState {
  set: DisplaySet;
  index: number;
  setting: GreySetting;
  grey: Shown | undefined;
  /** Share of the overlay in the picture, 0 to 1. */
  blend: number;
  visible: boolean;
  loaded: number;
  total: number;
  failed: number;
  /** Counts what was cut before no longer holding. */
  version: number;
}

interface Drawn {
  bitmap: LoadedBitmap;
  base: string;
  parts: number;
}

/** Time between two cuts of what is on screen while slices come, in ms. */
const SHARPEN = 150;
/** Share of the overlay at first, and of a step of its keys. */
const HALF = 0.5;
const STEP = 0.1;

export class Overlay {
  readonly changed = new Signal();
  private current: OverlayState;
  /** Stands for the values that are cut: their rescale, unit and SUV. */
  private readonly sample: Picture;
  private readonly reslicer: Reslicer;
  private readonly cuts = new Map<string, Cut>();
  private readonly drawn = new Map<number, Drawn>();
  private readonly life = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly set: DisplaySet,
    private readonly volume: Volume,
    store: PictureStore,
    worker: Worker,
    preview: Promise<Preview | undefined>,
  ) {
    const { pictures, geometry } = volume;
    const middle = pictures[Math.floor(pictures.length / 2)] as Picture;
    const floating = isFloating(pictures);
    this.sample = { ...middle, id: `over:${set.id}`, attributes: planeDataSet(middle.attributes, geometry.columns, geometry.rows, floating), instance: { ...middle.instance, dataSet: planeDataSet(middle.instance.dataSet, geometry.columns, geometry.rows, floating) } };
    const suv = pictureInfo(this.sample).transform.suv?.factors;
    const choice = chosenSuv(suv, undefined) || set.modality === 'NM' ? 'automatic' : DEFAULT_CHOICE;
    this.current = { set, index: set.pictures.indexOf(middle), setting: { choice, inverted: false, map: 'hotIron' }, grey: undefined, blend: HALF, visible: true, loaded: 0, total: pictures.length, failed: 0, version: 0 };
    this.reslicer = new Reslicer(worker, geometry, floating, (id) => this.cuts.get(id));
    const changed = (change: Partial<OverlayState>): void => {
      this.update(change);
      this.later();
    };
    void preview.then((coming) => this.take(coming, floating), () => undefined);
    void feedVolume({
      store,
      source: set,
      pictures,
      order: coarseToFine(pictures.length, Math.floor(pictures.length / 2)),
      floating,
      signal: this.life.signal,
      reslicer: this.reslicer,
      after: Promise.resolve(),
      onSlice: () => changed({ loaded: this.current.loaded + 1 }),
      onFailure: () => changed({ failed: this.current.failed + 1 }),
    });
  }

  readonly state = (): OverlayState => this.current;

  /** What a reader must know of it, a line each. */
  notes(base: DisplaySet): string[] {
    const { loaded, total, failed } = this.current;
    const name = ({ modality, number }: DisplaySet): string => [modality, number].filter((part) => part !== undefined).join(' ');
    return [
      t('{upper} over {lower}, interpolated', { upper: name(this.set), lower: name(base) }),
      loaded + failed < total ? t('Upper series: {loaded} of {total} slices', { loaded, total }) : '',
      failed > 0 ? t('Upper series: {failed} slices missing', { failed }) : '',
      ...this.volume.notes.map((note) => t('Upper series: {note}', { note })),
    ].filter(Boolean);
  }

  /** Cuts it along a picture: one of a series, or one that was cut `below` as a plane, a slab, or straightened along a path. */
  async cut(pane: number, picture: Picture, bitmap: LoadedBitmap, below: Cut | undefined): Promise<LoadedBitmap | undefined> {
    const made = below?.strips ? { cut: below, parts: 1 } : this.along(picture, bitmap, below?.slab);
    if (!made) return undefined;
    const { cut, parts } = made;
    const id = `${picture.id}|${below ? cutKey(below) : ''}`;
    this.cuts.set(id, cut);
    try {
      const loaded = await this.reslicer.load({ ...this.set, id: `${this.set.id}@${pane}` }, { ...this.sample, id });
      const shaped = { ...loaded, pixelWidth: bitmap.pixelWidth / parts, pixelHeight: bitmap.pixelHeight / parts };
      this.drawn.set(pane, { bitmap: shaped, base: picture.id, parts });
      this.shade(shaped);
      return shaped;
    } finally {
      if (this.cuts.get(id) === cut) this.cuts.delete(id);
    }
  }

  private along(picture: Picture, { columns, rows }: LoadedBitmap, slab: Cut['slab']): { cut: Cut; parts: number } | undefined {
    const plane = planeOf(picture);
    return plane && overlayCut({ ...plane, columns, rows }, this.volume.geometry, slab);
  }

  /** What was last drawn over a picture; nothing while it is hidden. */
  drawnOver(id: string): LoadedBitmap | undefined {
    return this.current.visible ? [...this.drawn.values()].find(({ base }) => base === id)?.bitmap : undefined;
  }

  /** Its value under a point of a pane, as it was drawn there last. */
  valueAt(pane: number, point: Point, state: PaneState): { label: string; value: number } | undefined {
    const drawn = this.drawn.get(pane);
    if (!drawn || state.set?.pictures[state.shown]?.id !== drawn.base) return undefined;
    const { bitmap } = drawn;
    const place = paneToPixel(point, state.view, bitmap, state.pane);
    const [column, row] = place.map(Math.round) as [number, number];
    const stored = column >= 0 && row >= 0 && column < bitmap.columns && row < bitmap.rows ? (bitmap.pixels[row * bitmap.columns + column] as number) : OUTSIDE;
    if (stored === OUTSIDE) return undefined;
    const { transform } = pictureInfo(this.sample);
    const suv = chosenSuv(transform.suv?.factors, this.current.setting.suv);
    const value = toModality(stored, transform);
    return suv ? { label: suv.label, value: value * suv.factor } : { label: [this.set.modality, transform.unit].filter(Boolean).join(' '), value };
  }

  nodes(bitmap: LoadedBitmap): ColourNode[] {
    const { grey, setting } = this.current;
    return grey ? storedNodes(grey.nodes, this.sample, bitmap, setting) : [];
  }

  colours(): ColourScale | undefined {
    const { grey, setting, visible } = this.current;
    return grey && visible ? colourScale(grey.nodes, this.sample, setting) : undefined;
  }

  // Window and colours, with the names that a pane's controller has

  chooseWindow(choice: string): void {
    this.setSetting({ ...this.current.setting, choice, custom: undefined });
  }

  chooseMap(map: ColourMapId | undefined, inverted = false): void {
    this.setSetting({ ...this.current.setting, map, inverted });
  }

  chooseSuv(suv: SuvChoice): void {
    this.setSetting({ ...this.current.setting, suv, automatic: undefined });
  }

  /** By CSS pixels, in a pane of this height. */
  dragWindow(dx: number, dy: number, paneHeight: number): void {
    const { grey, setting } = this.current;
    const [drawn] = this.drawn.values();
    if (!grey || !drawn) return;
    const { transform } = pictureInfo(this.sample);
    const from = grey.window ?? windowFromLimits(grey.nodes[0]?.value ?? 0, grey.nodes.at(-1)?.value ?? 1);
    const suv = chosenSuv(transform.suv?.factors, setting.suv);
    this.setSetting({ ...setting, custom: suv ? draggedTop(from.width, -dy / paneHeight, suv.factor) : draggedWindow(from, dx, dy, stepFor(drawn.bitmap, transform)) });
  }

  setBlend(blend: number): void {
    this.update({ blend: Math.min(1, Math.max(0, blend)), visible: true });
  }

  changeBlend(direction: 1 | -1): void {
    this.setBlend(Math.round((this.current.blend + direction * STEP) * 10) / 10);
  }

  toggle(): void {
    this.update({ visible: !this.current.visible });
  }

  dispose(): void {
    this.life.abort();
    clearTimeout(this.timer);
    this.reslicer.dispose();
  }

  private take(preview: Preview | undefined, floating: boolean): void {
    const geometry = preview && previewGeometry(preview, this.volume);
    const { loaded, total } = this.current;
    if (!geometry || this.life.signal.aborted || loaded === total) return;
    const { slope, intercept } = pictureInfo(this.sample).transform;
    this.reslicer.usePreview(geometry, floating ? preview.values.slice() : preview.values.map((value) => (value - intercept) / slope));
    this.again();
  }

  private setSetting(setting: GreySetting): void {
    this.update({ setting });
    const [drawn] = this.drawn.values();
    if (drawn) this.shade(drawn.bitmap);
  }

  /** What "automatic" means is settled by the first cut. */
  private shade(bitmap: LoadedBitmap): void {
    const { setting } = this.current;
    const fixed = setting.automatic ? setting : { ...setting, automatic: automaticWindow(this.sample, bitmap, setting.suv) };
    if (this.current.grey && fixed === setting && this.shaded === setting) return;
    this.shaded = fixed;
    this.update({ setting: fixed, grey: shownGrey(this.sample, bitmap, this.set.modality, fixed) });
  }
  private shaded: GreySetting | undefined;

  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.again();
    }, SHARPEN);
  }

  private again(): void {
    this.reslicer.forget();
    this.update({ version: this.current.version + 1 });
  }

  private update(change: Partial<OverlayState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}
