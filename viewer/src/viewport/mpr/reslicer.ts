// PictureStore of a volume's planes: asks the worker for cuts, the newest of each pane first, and keeps some of them.

import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import type { Cut } from '../../core/reslice';
import type { DisplaySet, Picture } from '../../core/stack';
import type { StoredPixels } from '../../core/viewport-port';
import type { VolumeGeometry } from '../../core/volume';
import type { LoadedBitmap } from '../bitmap-store';
import type { PictureStore } from '../picture-store';
import type { ResliceAnswer, ResliceRequest } from './worker';

interface Waiting {
  set: string;
  picture: Picture;
  cut: Cut;
  resolve(bitmap: LoadedBitmap): void;
  reject(reason: unknown): void;
}

const KEPT = 96;

export class Reslicer implements PictureStore {
  readonly changed = new Signal();
  /** Time of the last cut in the worker, in ms. */
  lastCut = 0;
  private readonly kept = new Map<string, LoadedBitmap>();
  private readonly queue = new Map<string, Waiting>();
  private running: { id: number; version: number; waiting: Waiting } | undefined;
  private nextId = 1;
  private version = 0;
  /** Whether there is anything to cut from. */
  hasBegun = false;
  private after: (() => void)[] = [];

  constructor(
    private readonly worker: Worker,
    geometry: VolumeGeometry,
    floating: boolean,
    private readonly cutOf: (id: string) => Cut | undefined,
  ) {
    this.send({ kind: 'open', geometry, floating });
    this.worker.onmessage = ({ data }: MessageEvent<ResliceAnswer>) => this.answered(data);
  }

  put(index: number, pixels: StoredPixels, slope: number, intercept: number): void {
    this.send({ kind: 'slice', index, pixels, slope, intercept });
    this.hasBegun = true;
    this.pump();
  }

  /** A small volume that stands for slices that have not come, in the same terms as theirs. */
  usePreview(geometry: VolumeGeometry, values: Float32Array<ArrayBuffer>): void {
    this.worker.postMessage({ kind: 'preview', geometry, values } satisfies ResliceRequest, [values.buffer]);
    this.hasBegun = true;
    this.pump();
  }

  /** Resolves when the cut that is being made has come, at once where none is: slices come after pictures. */
  turn(): Promise<void> {
    if (!this.running) return Promise.resolve();
    return new Promise((resolve) => this.after.push(resolve));
  }

  /** What was cut before no longer holds: slices have come, or the slab is another. */
  forget(): void {
    this.version += 1;
    this.kept.clear();
  }

  get(id: string): LoadedBitmap | undefined {
    return this.kept.get(id);
  }

  has(id: string): boolean {
    return this.kept.has(id);
  }

  failure(): undefined {
    return undefined;
  }

  forgetFailure(): void {
    return;
  }

  fits(): number {
    return 1;
  }

  load(set: DisplaySet, picture: Picture): Promise<LoadedBitmap> {
    const ready = this.kept.get(picture.id);
    if (ready) return Promise.resolve(ready);
    const cut = this.cutOf(picture.id);
    if (!cut) return Promise.reject(new Error(t('This plane is no part of the volume')));
    return new Promise((resolve, reject) => {
      // A newer wish of the same pane keeps its place in the queue, so that no pane starves.
      this.queue.get(set.id)?.reject(new DOMException('Cancelled', 'AbortError'));
      this.queue.set(set.id, { set: set.id, picture, cut, resolve, reject });
      this.pump();
    });
  }

  prefetch(): void {
    return;
  }

  cancelPrefetch(set: DisplaySet): void {
    this.drop(set.id);
  }

  dispose(): void {
    this.worker.terminate();
    for (const set of [...this.queue.keys()]) this.drop(set);
    this.running?.waiting.reject(new DOMException('Cancelled', 'AbortError'));
    this.kept.clear();
    for (const go of this.after) go();
  }

  private drop(set: string): void {
    this.queue.get(set)?.reject(new DOMException('Cancelled', 'AbortError'));
    this.queue.delete(set);
  }

  /** Nothing is cut before a slice or the preview has come. */
  private pump(): void {
    const next = this.running || !this.hasBegun ? undefined : this.queue.values().next().value;
    if (!next) return;
    this.queue.delete(next.set);
    this.running = { id: this.nextId++, version: this.version, waiting: next };
    this.send({ kind: 'cut', id: this.running.id, cut: next.cut });
  }

  private answered({ id, ms, pixels, min, max }: ResliceAnswer): void {
    const { running } = this;
    if (running?.id !== id) return;
    this.running = undefined;
    this.lastCut = ms;
    const { picture, cut, resolve } = running.waiting;
    const bitmap: LoadedBitmap = { id: picture.id, columns: cut.columns, rows: cut.rows, pixelWidth: 1, pixelHeight: 1, samples: 1, pixels, min, max, source: 'browser' };
    if (running.version === this.version) this.keep(bitmap);
    resolve(bitmap);
    this.pump();
    const after = this.after;
    this.after = [];
    for (const go of after) go();
  }

  private keep(bitmap: LoadedBitmap): void {
    this.kept.set(bitmap.id, bitmap);
    const oldest = this.kept.size > KEPT ? this.kept.keys().next().value : undefined;
    if (oldest !== undefined) this.kept.delete(oldest);
    this.changed.emit();
  }

  private send(request: ResliceRequest): void {
    this.worker.postMessage(request);
  }
}
