// Planes of a volume that this browser holds, in a worker of its own. Slices are put there as they come.

import type { Cut, CutPixels } from '../../core/reslice';
import type { StoredPixels } from '../../core/viewport-port';
import type { VolumeGeometry } from '../../core/volume';
import { cancelled, PlaneStore } from './plane-store';
import type { ResliceAnswer, ResliceRequest } from './worker';

interface Running {
  id: number;
  resolve(made: CutPixels): void;
  reject(reason: unknown): void;
}

export class Reslicer extends PlaneStore {
  /** Time of the last cut in the worker, in ms. */
  lastCut = 0;
  private current: Running | undefined;
  private nextId = 1;
  /** Whether there is anything to cut from. */
  hasBegun = false;
  private after: (() => void)[] = [];

  constructor(
    private readonly worker: Worker,
    geometry: VolumeGeometry,
    floating: boolean,
    cutOf: (id: string) => Cut | undefined,
    /** The worker cannot go on: there is no memory for the volume. */
    onBroken?: () => void,
  ) {
    super(cutOf, 'browser', 1);
    this.worker.onmessage = ({ data }: MessageEvent<ResliceAnswer>) => this.answered(data);
    if (onBroken) this.worker.onerror = onBroken;
    this.send({ kind: 'open', geometry, floating });
  }

  put(index: number, pixels: StoredPixels, slope: number, intercept: number): void {
    this.send({ kind: 'slice', index, pixels, slope, intercept });
    this.begin();
  }

  /** A small volume that stands for slices that have not come, in the same terms as theirs. */
  usePreview(geometry: VolumeGeometry, values: Float32Array<ArrayBuffer>): void {
    this.worker.postMessage({ kind: 'preview', geometry, values } satisfies ResliceRequest, [values.buffer]);
    this.begin();
  }

  /** Resolves when the cut that is being made has come, at once where none is: slices come after pictures. */
  turn(): Promise<void> {
    if (!this.current) return Promise.resolve();
    return new Promise((resolve) => this.after.push(resolve));
  }

  override dispose(): void {
    this.worker.terminate();
    super.dispose();
    this.current?.reject(cancelled());
    this.goOn();
  }

  /** Nothing is cut before a slice or the preview has come. */
  protected override isReady(): boolean {
    return this.hasBegun;
  }

  protected make(cut: Cut): Promise<CutPixels> {
    return new Promise((resolve, reject) => {
      this.current = { id: this.nextId++, resolve, reject };
      this.send({ kind: 'cut', id: this.current.id, cut });
    });
  }

  private begin(): void {
    this.hasBegun = true;
    this.pump();
  }

  private answered({ id, ms, pixels, min, max }: ResliceAnswer): void {
    const { current } = this;
    if (current?.id !== id) return;
    this.current = undefined;
    this.lastCut = ms;
    current.resolve({ pixels, min, max });
    this.goOn();
  }

  private goOn(): void {
    const { after } = this;
    this.after = [];
    for (const go of after) go();
  }

  private send(request: ResliceRequest): void {
    this.worker.postMessage(request);
  }
}
