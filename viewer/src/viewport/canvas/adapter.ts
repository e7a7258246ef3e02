// ViewportPort on a plain 2D canvas: for browsers without WebGL, or with WebGL emulated in software, where it is faster.

import { imageSize, screenAxes, scaleOf, type Size, type View } from '../../core/view';
import type { Bitmap, ColourNode, ViewportPort } from '../../core/viewport-port';
import { colourTable, TABLE } from './colour-table';

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

  resize(): void {
    const { width, height } = this.size();
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.draw();
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
    if (this.stale) this.develop(shown);
    const size = this.size();
    const scale = scaleOf(view, shown, size) * devicePixelRatio;
    const { right, down } = screenAxes(view);
    const { width, height } = imageSize(shown);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(right[0] * scale, down[0] * scale, right[1] * scale, down[1] * scale, this.canvas.width / 2, this.canvas.height / 2);
    context.imageSmoothingEnabled = this.smooth;
    context.imageSmoothingQuality = scale < 1 ? 'medium' : 'low';
    context.drawImage(this.image, -width / 2 - view.x, -height / 2 - view.y, width, height);
  }

  private develop(bitmap: Bitmap): void {
    this.stale = false;
    Object.assign(this.image, { width: bitmap.columns, height: bitmap.rows });
    const context = this.image.getContext('2d');
    if (!context) return;
    const data = context.createImageData(bitmap.columns, bitmap.rows);
    const words = new Uint32Array(data.data.buffer);
    if (bitmap.samples === 3) coloured(bitmap, words);
    else this.greyed(bitmap, words);
    context.putImageData(data, 0, 0);
  }

  private greyed({ pixels }: Bitmap, words: Uint32Array): void {
    const table = colourTable(this.nodes);
    const low = this.nodes[0]?.value ?? 0;
    const factor = (TABLE - 1) / Math.max(1e-9, (this.nodes.at(-1)?.value ?? 1) - low);
    for (let i = 0; i < words.length; i += 1) {
      const at = ((pixels[i] as number) - low) * factor;
      words[i] = table[at <= 0 ? 0 : at >= TABLE - 1 ? TABLE - 1 : (at + 0.5) | 0] as number;
    }
  }
}

function coloured({ pixels }: Bitmap, words: Uint32Array): void {
  for (let i = 0, at = 0; i < words.length; i += 1, at += 3) {
    words[i] = (255 << 24) | ((pixels[at + 2] as number) << 16) | ((pixels[at + 1] as number) << 8) | (pixels[at] as number);
  }
}

export function createCanvasViewport(element: HTMLDivElement): ViewportPort {
  return new CanvasViewport(element);
}
