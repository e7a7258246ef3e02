// When to ask the archive for a picture of a volume, and how large: small while it is moved, of all wishes the last, full once it rests.

import type { PictureSize } from '../../core/volume3d/projection';

/** Pixels of the longer side while the volume is moved, and at rest. */
const [MOVING, RESTING] = [384, 1400];
/** Rest before the large picture is asked for, in ms. */
const REST = 160;

export class Projector {
  readonly canvas = document.createElement('canvas');
  private generation = 0;
  private running = false;
  private disposed = false;
  /** The picture at rest is on the canvas. */
  private best = false;

  constructor(
    private readonly pane: () => PictureSize,
    private readonly make: (size: PictureSize) => Promise<ImageBitmap>,
    private readonly drawn: (rests: boolean) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Something has changed. */
  ask(): void {
    this.generation += 1;
    this.best = false;
    if (!this.running) void this.run();
  }

  /** The canvas with its picture at rest; none before there is one. */
  fresh(): HTMLCanvasElement | undefined {
    return this.best ? this.canvas : undefined;
  }

  dispose(): void {
    this.disposed = true;
  }

  private async run(): Promise<void> {
    this.running = true;
    let generation = -1;
    const given = (): boolean => generation !== this.generation || this.disposed;
    try {
      while (given() && !this.disposed) {
        generation = this.generation;
        await this.draw(MOVING);
        if (given()) continue;
        await new Promise((done) => setTimeout(done, REST));
        if (given()) continue;
        await this.draw(RESTING);
        this.best = !given();
        if (this.best) this.drawn(true);
      }
    } catch (error) {
      if (!this.disposed) this.failed(error);
    } finally {
      this.running = false;
    }
  }

  private async draw(most: number): Promise<void> {
    const { width, height } = this.pane();
    const scale = Math.min(1, most / Math.max(width, height));
    const bitmap = await this.make({ width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    if (this.disposed) {
      bitmap.close();
      return;
    }
    Object.assign(this.canvas, { width: bitmap.width, height: bitmap.height });
    this.canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.drawn(false);
  }
}
