// What one pane shows and does: which picture, window, view, cine. No DOM events, no React; draws through a ViewportPort.

import { frameAt, steppedRate, timingOf, autoPlays, type Timing } from '../core/cine';
import type { ColourMapId } from '../core/colour-maps';
import { DEFAULT_CHOICE, FULL_RANGE, automaticWindow, shownGrey, startsInverted, stepFor, storedNodes, windowChoices, type GreySetting, type Shown } from '../core/display';
import { t } from '../core/language';
import { Signal } from '../core/lifecycle';
import { loadingOrder } from '../core/loading-order';
import { toModality } from '../core/modality';
import { pictureInfo } from '../core/picture-info';
import { isFor, stateChoice, stateInverts, stateView, type PresentationState } from '../core/presentation-state';
import { presetsFor } from '../core/presets';
import { drawable } from '../core/reduced';
import { findPicture } from '../core/phases';
import type { DisplaySet, Picture } from '../core/stack';
import { chosenSuv, type SuvChoice } from '../core/suv';
import { FIT, flippedHorizontally, flippedVertically, panned, pixelAt, rotated, scaleOf, turned, zoomed, type Point, type Size, type View } from '../core/view';
import type { ViewportPort } from '../core/viewport-port';
import { draggedTop, draggedWindow, windowFromLimits } from '../core/window';
import { isAbort } from '../net/queue';
import type { LoadedBitmap } from './bitmap-store';
import type { PictureStore } from './picture-store';

export interface PaneState {
  set: DisplaySet | undefined;
  index: number;
  /** The picture drawn, which lags behind `index` while that is being loaded. */
  shown: number;
  status: 'empty' | 'loading' | 'ready' | 'failed';
  message: string;
  bitmap: LoadedBitmap | undefined;
  grey: Shown | undefined;
  setting: GreySetting;
  view: View;
  pane: Size;
  playing: boolean;
  /** Frames per second in force, and the file's own. */
  rate: number;
  timing: Timing | undefined;
  smooth: boolean;
  /** The presentation state that was applied. */
  presentation: PresentationState | undefined;
}

/** A value in SUV of a kind. */
export interface Suv {
  label: string;
  value: number;
}

interface Remembered {
  index: number;
  setting: GreySetting;
  view: View;
  presentation: PresentationState | undefined;
}

const EMPTY: PaneState = {
  set: undefined,
  index: 0,
  shown: -1,
  status: 'empty',
  message: '',
  bitmap: undefined,
  grey: undefined,
  setting: { choice: DEFAULT_CHOICE, inverted: false },
  view: FIT,
  pane: { width: 1, height: 1 },
  playing: false,
  rate: 20,
  timing: undefined,
  smooth: true,
  presentation: undefined,
};

/** Wait this long after the last step before the loading order is turned towards the new place, in ms. */
const SETTLE = 120;

/** A clip begins at its beginning, a stack in its middle. */
const startOf = ({ kind, pictures }: DisplaySet): number => (kind === 'clip' ? 0 : Math.floor(pictures.length / 2));

/** The place on screen in all phases, then the other places of this phase, then those of the other phases. */
function inPhases(set: DisplaySet, index: number, near: readonly number[]): Picture[] {
  const phase = set.phase ?? 0;
  const sets = set.phases?.sets ?? [set];
  const others = [...sets.slice(phase + 1), ...sets.slice(0, phase)];
  const of = (one: DisplaySet, at: number): Picture[] => one.pictures.slice(at, at + 1);
  return [...others.flatMap((one) => of(one, index)), ...near.flatMap((at) => of(set, at)), ...others.flatMap((one) => near.flatMap((at) => of(one, at)))];
}

export class StackController {
  readonly changed = new Signal();
  private current: PaneState = EMPTY;
  private port: ViewportPort | undefined;
  private readonly remembered = new Map<string, Remembered>();
  private direction: 1 | -1 = 1;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private animation = 0;
  private wanted = 0;
  private placing: PresentationState | undefined;

  constructor(private readonly store: PictureStore) {}

  readonly state = (): PaneState => this.current;

  get picture(): Picture | undefined {
    return this.current.set?.pictures[this.current.index];
  }

  attach(port: ViewportPort): void {
    this.port = port;
    this.update({ pane: port.size() });
    port.setView(this.current.view);
    port.setSmooth(this.current.smooth);
    this.redraw();
  }

  /** Puts another drawing in the place of the one attached, which its owner disposes of. */
  detach(): void {
    this.port = undefined;
  }

  resized(): void {
    if (!this.port) return;
    this.port.resize();
    this.update({ pane: this.port.size() });
  }

  open(wanted: DisplaySet, SOPInstanceUID = ''): void {
    this.pause();
    const found = SOPInstanceUID ? findPicture(wanted, ({ instance }) => instance.SOPInstanceUID === SOPInstanceUID) : undefined;
    const set = found?.set ?? wanted;
    this.remember();
    const before = this.remembered.get(set.id);
    const index = found?.index ?? before?.index ?? startOf(set);
    const first = set.pictures[0];
    const timing = first && timingOf(first.instance.dataSet, set.pictures.length);
    const { setting, view } = before ?? { setting: { choice: DEFAULT_CHOICE, inverted: startsInverted(set.modality) }, view: FIT };
    if (this.current.set) this.store.cancelPrefetch(this.current.set);
    this.update({ ...EMPTY, set, index, setting, view, presentation: before?.presentation, timing, rate: timing?.rate ?? 20, pane: this.current.pane, smooth: this.current.smooth });
    this.port?.setView(view);
    if (!first) return;
    this.request();
    if (set.kind === 'clip' && !found && autoPlays(first.instance.dataSet, set.pictures.length)) this.play();
  }

  /** Puts another set in the place of the one on screen, at a picture; the same plane of a volume keeps its view. */
  replace(set: DisplaySet, index: number, setting: GreySetting): void {
    const { view, set: before } = this.current;
    const kept = before?.plane !== undefined && before.plane === set.plane;
    this.pause();
    this.remember();
    if (before) this.store.cancelPrefetch(before);
    const timing = timingOf(set.pictures[0]?.instance.dataSet ?? {}, set.pictures.length);
    this.update({ ...EMPTY, set, index, setting, timing, rate: timing.rate, view: kept ? view : FIT, pane: this.current.pane, smooth: this.current.smooth, ...(kept ? { bitmap: this.current.bitmap } : {}) });
    this.port?.setView(this.current.view);
    this.request();
  }

  /** Puts a set of the same pictures or places (with another over it, another phase) in the place of the one on screen; all else stays, but for a setting given. */
  exchange(set: DisplaySet, setting?: GreySetting): void {
    const turn = ++this.wanted;
    const { set: before, index } = this.current;
    const picture = set.pictures[Math.min(index, set.pictures.length - 1)];
    if (!before || !picture) return;
    const swap = (bitmap: LoadedBitmap): void => {
      if (turn !== this.wanted) return;
      this.remember();
      this.update({ set, index: set.pictures.indexOf(picture), timing: timingOf(set.pictures[0]?.instance.dataSet ?? {}, set.pictures.length), ...(setting ? { setting } : {}) });
      this.present(bitmap);
      this.settle();
    };
    const ready = this.store.get(picture.id);
    if (ready) {
      swap(ready);
      return;
    }
    this.update({ status: 'loading', message: '' });
    this.store.load(set, picture, 'interaction').then(swap, (error: unknown) => {
      if (turn === this.wanted && !isAbort(error)) this.update({ status: 'failed', message: error instanceof Error ? error.message : t('The image cannot be read') });
    });
  }

  /** The same place in another phase. */
  setPhase(phase: number): void {
    const { set } = this.current;
    const wanted = set?.phases?.sets[phase];
    if (wanted && wanted !== set) this.exchange(wanted);
  }

  /** Asks for the picture on screen once more; what is shown stays until it has come. */
  async refresh(): Promise<void> {
    const { set } = this.current;
    const { picture } = this;
    if (!set || !picture) return;
    const bitmap = await this.store.load(set, picture, 'interaction').catch(() => undefined);
    if (bitmap && this.picture === picture) this.present(bitmap);
  }

  /** Puts a newer state of the same set in its place, without moving from the picture on screen. */
  adopt(newer: DisplaySet): void {
    const before = this.current;
    const set = newer.phases?.sets[before.set?.phase ?? 0] ?? newer;
    if (before.set?.id !== set.id || before.set === set) return;
    const at = (index: number): number => set.pictures.findIndex(({ id }) => id === before.set?.pictures[index]?.id);
    const index = Math.max(0, at(before.index));
    const first = set.pictures[0];
    this.update({ set, index, shown: at(before.shown), timing: first && timingOf(first.instance.dataSet, set.pictures.length) });
    this.request();
  }

  close(): void {
    this.pause();
    this.remember();
    if (this.current.set) this.store.cancelPrefetch(this.current.set);
    this.update({ ...EMPTY, pane: this.current.pane });
  }

  goTo(index: number): void {
    const count = this.current.set?.pictures.length ?? 0;
    const next = Math.min(count - 1, Math.max(0, index));
    if (count === 0 || next === this.current.index) return;
    this.direction = next > this.current.index ? 1 : -1;
    this.update({ index: next });
    this.request();
  }

  step(by: number): void {
    this.pause();
    this.goTo(this.current.index + by);
  }

  retry(): void {
    const { picture } = this;
    if (!picture) return;
    this.store.forgetFailure(picture.id);
    this.request();
  }

  /** What is missing can be asked for again. */
  resume(): void {
    if (this.current.status === 'failed') this.retry();
    else this.settle();
  }

  // View

  setView(view: View): void {
    this.update({ view });
    this.port?.setView(view);
    this.port?.draw();
  }

  zoom(factor: number, at?: Point): void {
    const { bitmap, pane, view } = this.current;
    if (bitmap) this.setView(zoomed(view, factor, at ?? [pane.width / 2, pane.height / 2], bitmap, pane));
  }

  pan(dx: number, dy: number): void {
    const { bitmap, pane, view } = this.current;
    if (bitmap) this.setView(panned(view, dx, dy, bitmap, pane));
  }

  fit(): void {
    this.setView({ ...this.current.view, zoom: 1, x: 0, y: 0 });
  }

  actualSize(): void {
    const { bitmap, pane, view } = this.current;
    if (bitmap) this.setView({ ...view, zoom: 1 / (scaleOf({ ...view, zoom: 1 }, bitmap, pane) * devicePixelRatio) });
  }

  rotate(quarterTurns: 1 | -1): void {
    this.setView(rotated(this.current.view, quarterTurns));
  }

  /** By any angle, clockwise about the middle of the pane. */
  turn(degrees: number): void {
    const { bitmap, pane, view } = this.current;
    if (bitmap) this.setView(turned(view, degrees, bitmap, pane));
  }

  flip(axis: 'horizontal' | 'vertical'): void {
    const { view } = this.current;
    this.setView(axis === 'horizontal' ? flippedHorizontally(view) : flippedVertically(view));
  }

  setSmooth(smooth: boolean): void {
    this.update({ smooth });
    this.port?.setSmooth(smooth);
    this.port?.draw();
  }

  reset(): void {
    const { set } = this.current;
    if (!set) return;
    this.update({ presentation: undefined });
    this.setSetting({ choice: DEFAULT_CHOICE, inverted: startsInverted(set.modality) });
    this.setView(FIT);
  }

  /** Shows the pictures as a presentation state of theirs says; goes to the first of them where another is on screen. */
  applyState(presentation: PresentationState): void {
    const { set } = this.current;
    const { picture } = this;
    if (!set || !picture) return;
    if (!isFor(presentation, picture)) this.goTo(set.pictures.findIndex((one) => isFor(presentation, one)));
    this.placing = presentation;
    this.update({ presentation });
    const { bitmap, shown, index } = this.current;
    if (bitmap && shown === index) this.place(bitmap);
  }

  /** Window and view of the state that was chosen last, once there is a picture to show with them. */
  private place(bitmap: LoadedBitmap): void {
    const { placing: state, picture } = this;
    this.placing = undefined;
    if (!state || !picture || state !== this.current.presentation) return;
    this.setSetting({ choice: stateChoice(state), inverted: bitmap.samples === 1 && stateInverts(state, picture) });
    this.setView(stateView(state, picture, bitmap, this.current.pane));
  }

  // Grey scale

  chooseWindow(choice: string): void {
    const { setting } = this.current;
    this.setSetting({ ...setting, choice, custom: undefined });
  }

  choosePreset(place: number): void {
    const { set } = this.current;
    const { picture } = this;
    if (!set || !picture) return;
    const offered = presetsFor(set.modality).length > 0 ? presetsFor(set.modality) : windowChoices(picture, set.modality, this.current.setting.suv, set.states).filter(({ id }) => id !== FULL_RANGE && id !== 'automatic');
    const preset = offered[place];
    if (preset) this.chooseWindow(preset.id);
  }

  /** Takes over the grey scale of another pane. */
  follow(setting: GreySetting): void {
    this.setSetting(setting);
  }

  invert(): void {
    const { setting } = this.current;
    this.setSetting({ ...setting, inverted: !setting.inverted });
  }

  /** Shows grey pictures in colours, or in grey; either way not inverted unless said so. */
  chooseMap(map: ColourMapId | undefined, inverted = false): void {
    this.setSetting({ ...this.current.setting, map, inverted });
  }

  dragWindow(dx: number, dy: number): void {
    const { bitmap, grey, setting } = this.current;
    const { picture } = this;
    if (!bitmap || !picture || bitmap.samples === 3 || !grey) return;
    const { transform } = pictureInfo(picture);
    const [first, last] = [grey.nodes[0], grey.nodes.at(-1)];
    const from = grey.window ?? windowFromLimits(first?.value ?? 0, last?.value ?? 1);
    const step = stepFor(bitmap, transform);
    const suv = chosenSuv(transform.suv?.factors, setting.suv);
    const moved = suv ? draggedTop(from.width, -dy / this.current.pane.height, suv.factor) : draggedWindow(from, dx, dy, step);
    this.setSetting({ ...setting, custom: moved });
  }

  /** Reads a PET in SUV of a kind, or in its stored unit; windows of that kind follow. */
  chooseSuv(suv: SuvChoice): void {
    this.setSetting({ ...this.current.setting, suv, automatic: undefined });
  }

  // Cine

  play(): void {
    const { set, playing, timing } = this.current;
    if (!set || set.pictures.length < 2 || playing || !timing) return;
    this.update({ playing: true });
    const started = { at: performance.now(), frame: this.current.index, rate: this.current.rate };
    const tick = (now: number): void => {
      if (!this.current.playing) return;
      if (started.rate !== this.current.rate) Object.assign(started, { at: now, frame: this.current.index, rate: this.current.rate });
      const frame = frameAt(now - started.at, started.frame, timing, this.current.rate / timing.rate);
      const picture = set.pictures[frame];
      if (frame !== this.current.index && picture && this.store.has(picture.id)) this.goTo(frame);
      else if (frame !== this.current.index && picture) this.fetch(picture);
      this.animation = requestAnimationFrame(tick);
    };
    this.animation = requestAnimationFrame(tick);
  }

  pause(): void {
    cancelAnimationFrame(this.animation);
    if (this.current.playing) this.update({ playing: false });
  }

  togglePlay(): void {
    if (this.current.playing) this.pause();
    else this.play();
  }

  changeRate(direction: 1 | -1): void {
    this.update({ rate: steppedRate(this.current.rate, direction) });
  }

  /** Forth and back, or from the start again. */
  toggleSweep(): void {
    const { timing, playing } = this.current;
    if (!timing) return;
    this.pause();
    this.update({ timing: { ...timing, sweep: !timing.sweep } });
    if (playing) this.play();
  }

  setRate(rate: number): void {
    this.update({ rate });
  }

  // Values

  /** The pixel under a point of the pane, with its modality value; no value for what the archive has drawn or has not sent yet. */
  valueAt(point: Point): { pixel: Point; value: number | undefined; rgb: readonly number[] | undefined; unit: string; suv: Suv | undefined } | undefined {
    const { bitmap, view, pane, set, shown } = this.current;
    const picture = set?.pictures[shown];
    const pixel = bitmap && pixelAt(point, view, bitmap, pane);
    if (!bitmap || !picture || !pixel) return undefined;
    if (bitmap.reduced) return { pixel, value: undefined, rgb: undefined, unit: '', suv: undefined };
    const at = pixel[1] * bitmap.columns + pixel[0];
    if (bitmap.samples === 3) {
      const rgb = bitmap.source === 'archive-drawn' ? undefined : Array.from(bitmap.pixels.subarray(at * 3, at * 3 + 3));
      return { pixel, value: undefined, rgb, unit: '', suv: undefined };
    }
    const { transform, padding } = pictureInfo(picture);
    const stored = bitmap.pixels[at] as number;
    if (set.plane && stored === padding?.first) return undefined;
    const value = toModality(stored, transform);
    const suv = chosenSuv(transform.suv?.factors, this.current.setting.suv);
    return { pixel, value, rgb: undefined, unit: transform.unit, suv: suv && { label: suv.label, value: value * suv.factor } };
  }

  dispose(): void {
    this.pause();
    clearTimeout(this.settling);
    if (this.current.set) this.store.cancelPrefetch(this.current.set);
  }

  // Loading and drawing

  private request(): void {
    const { set } = this.current;
    const { picture } = this;
    if (!set || !picture) return;
    const turn = ++this.wanted;
    const ready = this.store.get(picture.id);
    if (ready) {
      this.present(ready);
      this.settle();
      return;
    }
    this.update({ status: 'loading', message: '' });
    const early = (bitmap: LoadedBitmap): void => {
      if (turn === this.wanted) this.present(bitmap);
    };
    this.store.load(set, picture, 'interaction', early).then(
      (bitmap) => {
        if (turn !== this.wanted) return;
        this.present(bitmap);
        this.settle();
      },
      (error: unknown) => {
        if (turn !== this.wanted || isAbort(error)) return;
        this.update({ status: 'failed', message: error instanceof Error ? error.message : t('The image cannot be read'), bitmap: undefined, grey: undefined });
      },
    );
  }

  private fetch(picture: Picture): void {
    const { set } = this.current;
    if (set && !this.store.failure(picture.id)) this.store.load(set, picture, 'prefetch').catch(() => undefined);
  }

  private present(bitmap: LoadedBitmap): void {
    this.update({ bitmap, shown: this.current.index, status: bitmap.reduced ? 'loading' : 'ready', message: '' });
    this.redraw();
    if (this.placing) this.place(bitmap);
  }

  private settle(): void {
    clearTimeout(this.settling);
    const delay = this.current.playing ? 0 : SETTLE;
    this.settling = setTimeout(() => this.prefetch(), delay);
  }

  private prefetch(): void {
    const { set, index, bitmap } = this.current;
    if (!set || !bitmap) return;
    const most = this.store.fits(bitmap.pixels.byteLength);
    const near = loadingOrder(index, set.pictures.length, this.direction);
    this.store.prefetch(set, (set.phases ? inPhases(set, index, near) : near.map((at) => set.pictures[at] as Picture)).slice(0, most));
  }

  private setSetting(setting: GreySetting): void {
    this.update({ setting });
    this.redraw();
  }

  private redraw(): void {
    const { bitmap, set, setting, shown } = this.current;
    const picture = set?.pictures[shown];
    if (!bitmap || !picture) return;
    if (bitmap.samples === 1) {
      const fixed = setting.automatic ? setting : { ...setting, automatic: automaticWindow(picture, bitmap, setting.suv) };
      const grey = shownGrey(picture, bitmap, set.modality, fixed, set.states);
      this.update({ grey, ...(bitmap.reduced ? {} : { setting: fixed }) });
      this.port?.setColours(storedNodes(grey.nodes, picture, bitmap, setting));
    } else this.update({ grey: undefined });
    this.port?.show(drawable(bitmap));
    this.port?.draw();
  }

  private remember(): void {
    const { set, index, setting, view, presentation } = this.current;
    if (set) this.remembered.set(set.id, { index, setting, view, presentation });
  }

  private update(change: Partial<PaneState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}
