// When to draw, and how finely: coarse while something moves, at the rate it can keep, and everything once it rests.

import type { PictureName, Scene, VolumeRenderer } from './renderer';

/** What a frame may take while the volume is moved, in ms. */
const FRAME = 50;
const [LEAST_SCALE, MOST_SCALE] = [0.12, 1];
/** Rest before the fine picture is begun, in ms, and what a piece of it may take. */
const REST = 160;
const PIECE = 60;
/** What is drawn at rest, one after the other. */
const AT_REST: readonly PictureName[] = ['fine', 'whole'];
/** Samples lie so much farther apart while the volume is moved. */
const COARSE_PACE = 2.5;

export class Painter {
  /** Parts of the full size that coarse pictures have at present. */
  scale = 0.35;
  /** Time of the last coarse picture, in ms. */
  lastFrame = 0;
  /** The picture at rest that is on the canvas. */
  private best: PictureName | undefined;
  private running = false;
  private generation = 0;
  private disposed = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly renderer: VolumeRenderer,
    /** The scene as it is turned, and with all pixels where there are more; none before there is a volume. */
    private readonly scenes: () => readonly Scene[],
    /** A picture at rest is on the canvas: of which scene. */
    private readonly rested: (level: number) => void,
  ) {}

  /** Something has changed: a coarse picture at once, a fine one after a rest. */
  ask(): void {
    this.generation += 1;
    this.best = undefined;
    if (!this.running) void this.run();
  }

  /** There is a finer scene than that on the canvas. */
  refine(): void {
    if (this.best && !this.running) void this.run(AT_REST.indexOf(this.best) + 1);
  }

  /** The canvas with its best picture at rest, which a WebGL canvas gives away only in the task that drew it; none before there is one. */
  fresh(): HTMLCanvasElement | undefined {
    if (!this.best || this.stopped()) return undefined;
    this.renderer.present(this.best);
    return this.canvas;
  }

  dispose(): void {
    this.disposed = true;
  }

  private async run(level = 0): Promise<void> {
    this.running = true;
    let generation = level > 0 ? this.generation : -1;
    if (level > 0) await this.rest(generation, level);
    while (generation !== this.generation && !this.stopped()) {
      await frame();
      generation = this.generation;
      await this.coarse();
      if (generation !== this.generation) continue;
      await pause(REST);
      await this.rest(generation);
    }
    this.running = false;
  }

  private stopped(): boolean {
    return this.disposed || this.renderer.lost;
  }

  private async coarse(): Promise<void> {
    const [scene] = this.scenes();
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

  /** Draws what is still missing of the pictures at rest, as long as nothing changes. */
  private async rest(generation: number, from = 0): Promise<void> {
    const given = (): boolean => generation !== this.generation || this.stopped();
    for (let level = from; ; level += 1) {
      const [scene, name] = [this.scenes()[level], AT_REST[level]];
      if (!scene || !name) return;
      await this.pieces(name, scene, given);
      if (given()) return;
      this.renderer.present(name);
      this.best = name;
      this.rested(level);
    }
  }

  private async pieces(name: PictureName, scene: Scene, given: () => boolean): Promise<void> {
    let [from, height] = [0, 1 / 16];
    while (from < 1 && !given()) {
      const start = performance.now();
      const to = Math.min(1, from + height);
      this.renderer.draw(name, this.size(1), scene, from, to);
      await this.renderer.finished();
      const took = performance.now() - start;
      height = Math.min(1, Math.max(1 / 128, height * Math.min(2, PIECE / Math.max(1, took))));
      from = to;
    }
  }

  private size(scale: number): { width: number; height: number } {
    const of = (side: number): number => Math.max(1, Math.round(side * scale));
    return { width: of(this.canvas.width), height: of(this.canvas.height) };
  }
}

const frame = (): Promise<unknown> => new Promise((done) => requestAnimationFrame(done));
const pause = (ms: number): Promise<unknown> => new Promise((done) => setTimeout(done, ms));
