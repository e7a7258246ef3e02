// ViewportPort on a plain 2D canvas: for browsers without WebGL, or with WebGL emulated in software, where it is faster.

import type { Size, View } from '../../core/view';
import type { Bitmap, ColourNode, ViewportPort } from '../../core/viewport-port';
import { develop, place } from './drawing';

class CanvasViewport implements ViewportPort {
  readonly name = 'canvas';
  private readonly canvas = document.createElement('canvas');
  private readonly image = document.createElement('canvas');
  private shown: Bitmap | undefined;
  private view: View | undefined;
  private nodes: readonly ColourNode[] = [];
  private smooth = true;
  private stale = true;
  private scheduled = 0;

  constructor(private readonly element: HTMLDivElement) {
    this.canvas.className = 'viewport-canvas';
    element.append(this.canvas);
    this.resize();
  }

  show(bitmap: Bitmap): void {
    if (bitmap === this.shown) return;
    this.shown = bitmap;
    this.stale = true;
  }

  setView(view: View): void {
    this.view = view;
  }

  setColours(nodes: readonly ColourNode[]): void {
    this.nodes = nodes;
    this.stale = true;
  }

  setSmooth(smooth: boolean): void {
    this.smooth = smooth;
  }

  size(): Size {
    return { width: Math.max(1, this.element.clientWidth), height: Math.max(1, this.element.clientHeight) };
  }

  /** Paints at once: a canvas of another size is black, and would be seen so. */
  resize(): void {
    const [width, height] = [this.size().width, this.size().height].map((side) => Math.round(side * devicePixelRatio)) as [number, number];
    if (width === this.canvas.width && height === this.canvas.height) return;
    Object.assign(this.canvas, { width, height });
    this.paint();
  }

  draw(): void {
    if (this.scheduled || !this.shown) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paint();
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.scheduled);
    this.canvas.remove();
    this.shown = undefined;
  }

  private paint(): void {
    const { shown, view } = this;
    const context = this.canvas.getContext('2d', { alpha: false });
    if (!shown || !view || !context) return;
    if (this.stale) develop(shown, this.nodes, this.image);
    this.stale = false;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    place(context, this.image, shown, view, this.size(), devicePixelRatio, this.smooth);
  }
}

export function createCanvasViewport(element: HTMLDivElement): ViewportPort {
  return new CanvasViewport(element);
}
