// When to draw, and how finely: coarse while something moves, at the rate it can keep, and everything once it rests.

import type { Scene, VolumeRenderer } from './renderer';

/** What a frame may take while the volume is moved, in ms. */
const FRAME = 50;
const [LEAST_SCALE, MOST_SCALE] = [0.12, 1];
/** Rest before the fine picture is begun, in ms, and what a piece of it may take. */
const REST = 160;
const PIECE = 60;
/** Samples lie so much farther apart while the volume is moved. */
const COARSE_PACE = 2.5;

export class Painter {
  /** Parts of the full size that coarse pictures have at present. */
  scale = 0.35;
  /** Time of the last coarse picture, in ms. */
  lastFrame = 0;
  /** The fine picture is on the canvas. */
  settled = false;
  private running = false;
  private generation = 0;
  private disposed = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly renderer: VolumeRenderer,
    private readonly scene: () => Scene | undefined,
    private readonly changed: () => void,
  ) {}

  /** Something has changed: a coarse picture at once, a fine one after a rest. */
  ask(): void {
    this.generation += 1;
    this.settled = false;
    if (!this.running) void this.run();
  }

  /** The canvas with its fine picture, which a WebGL canvas gives away only in the task that drew it; none before it is drawn. */
  fresh(): HTMLCanvasElement | undefined {
    if (!this.settled || this.stopped()) return undefined;
    this.renderer.present('fine');
    return this.canvas;
  }

  dispose(): void {
    this.disposed = true;
  }

  private async run(): Promise<void> {
    this.running = true;
    let generation = -1;
    while (generation !== this.generation && !this.stopped()) {
      await frame();
      generation = this.generation;
      await this.coarse();
      if (generation !== this.generation) continue;
      await pause(REST);
      if (generation === this.generation) await this.fine(generation);
    }
    this.running = false;
  }

  private stopped(): boolean {
    return this.disposed || this.renderer.lost;
  }

  private async coarse(): Promise<void> {
    const scene = this.scene();
    if (!scene || this.stopped()) return;
    const start = performance.now();
    this.renderer.draw('coarse', this.size(this.scale), { ...scene, shaded: scene.shaded && !this.renderer.slow, pace: scene.pace * COARSE_PACE });
    this.renderer.present('coarse');
    await this.renderer.finished();
    this.lastFrame = performance.now() - start;
    // Pixels are what a frame costs; half the way to the size that would just do, so that one slow frame changes little.
    const wanted = this.scale * Math.sqrt(FRAME / Math.max(1, this.lastFrame));
    this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, (this.scale + wanted) / 2));
  }

  private async fine(generation: number): Promise<void> {
    const scene = this.scene();
    if (!scene) return;
    let [from, height] = [0, 1 / 16];
    while (from < 1) {
      if (generation !== this.generation || this.stopped()) return;
      const start = performance.now();
      const to = Math.min(1, from + height);
      this.renderer.draw('fine', this.size(1), scene, from, to);
      await this.renderer.finished();
      const took = performance.now() - start;
      height = Math.min(1, Math.max(1 / 128, height * Math.min(2, PIECE / Math.max(1, took))));
      from = to;
    }
    if (generation !== this.generation || this.stopped()) return;
    this.renderer.present('fine');
    this.settled = true;
    this.changed();
  }

  private size(scale: number): { width: number; height: number } {
    const of = (side: number): number => Math.max(1, Math.round(side * scale));
    return { width: of(this.canvas.width), height: of(this.canvas.height) };
  }
}

const frame = (): Promise<unknown> => new Promise((done) => requestAnimationFrame(done));
const pause = (ms: number): Promise<unknown> => new Promise((done) => setTimeout(done, ms));
