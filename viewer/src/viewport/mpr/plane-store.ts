// PictureStore of a volume's planes, whoever cuts them: asks for the newest of each pane first, and keeps some of them.

import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import type { Cut, CutPixels } from '../../core/reslice';
import type { DisplaySet, Picture } from '../../core/stack';
import { isAbort } from '../../net/queue';
import type { LoadedBitmap } from '../bitmap-store';
import type { PictureStore } from '../picture-store';

interface Waiting {
  set: string;
  picture: Picture;
  cut: Cut;
  resolve(bitmap: LoadedBitmap): void;
  reject(reason: unknown): void;
}

const KEPT = 96;
export const cancelled = (): DOMException => new DOMException('Cancelled', 'AbortError');

export abstract class PlaneStore implements PictureStore {
  readonly changed = new Signal();
  private readonly kept = new Map<string, LoadedBitmap>();
  private readonly failed = new Map<string, string>();
  private readonly queue = new Map<string, Waiting>();
  private readonly running = new Set<string>();
  private version = 0;

  constructor(
    private readonly cutOf: (id: string) => Cut | undefined,
    private readonly source: LoadedBitmap['source'],
    /** Cuts that are made at the same time, of one pane never two. */
    private readonly atOnce: number,
  ) {}

  protected abstract make(cut: Cut): Promise<CutPixels>;

  /** Whether there is anything to cut from. */
  protected isReady(): boolean {
    return true;
  }

  /** What was cut before no longer holds: slices have come, or the slab is another. */
  forget(): void {
    this.version += 1;
    this.kept.clear();
    this.failed.clear();
  }

  get(id: string): LoadedBitmap | undefined {
    return this.kept.get(id);
  }

  has(id: string): boolean {
    return this.kept.has(id);
  }

  failure(id: string): string | undefined {
    return this.failed.get(id);
  }

  forgetFailure(id: string): void {
    this.failed.delete(id);
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
      this.queue.get(set.id)?.reject(cancelled());
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
    for (const set of [...this.queue.keys()]) this.drop(set);
    this.kept.clear();
  }

  protected pump(): void {
    for (const waiting of [...this.queue.values()]) {
      if (!this.isReady() || this.running.size >= this.atOnce) return;
      if (!this.running.has(waiting.set)) void this.serve(waiting);
    }
  }

  private async serve({ set, picture, cut, resolve, reject }: Waiting): Promise<void> {
    this.queue.delete(set);
    this.running.add(set);
    const { version } = this;
    try {
      const bitmap: LoadedBitmap = { id: picture.id, columns: cut.columns, rows: cut.rows, pixelWidth: 1, pixelHeight: 1, samples: 1, source: this.source, ...(await this.make(cut)) };
      if (version === this.version) this.keep(bitmap);
      resolve(bitmap);
    } catch (error) {
      if (!isAbort(error)) this.failed.set(picture.id, error instanceof Error ? error.message : String(error));
      reject(error);
    } finally {
      this.running.delete(set);
      this.pump();
    }
  }

  private drop(set: string): void {
    this.queue.get(set)?.reject(cancelled());
    this.queue.delete(set);
  }

  private keep(bitmap: LoadedBitmap): void {
    this.kept.set(bitmap.id, bitmap);
    const oldest = this.kept.size > KEPT ? this.kept.keys().next().value : undefined;
    if (oldest !== undefined) this.kept.delete(oldest);
    this.changed.emit();
  }
}
