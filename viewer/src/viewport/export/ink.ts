// Text and lines on a canvas as the viewer's pages have them: light, with a dark edge.

import type { Point } from '../../core/view';

export type Align = 'left' | 'center' | 'right';

const family = (): string => getComputedStyle(document.body).fontFamily;

export function write(context: CanvasRenderingContext2D, text: string, [x, y]: Point, size: number, align: Align = 'left', colour = '#f1f4f8', weight = 400): void {
  context.font = `${weight} ${size}px ${family()}`;
  context.textAlign = align;
  context.textBaseline = 'alphabetic';
  context.lineJoin = 'round';
  context.strokeStyle = 'rgb(0 0 0 / 75%)';
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

export function measured(context: CanvasRenderingContext2D, text: string, size: number): number {
  context.font = `400 ${size}px ${family()}`;
  return context.measureText(text).width;
}

export interface Stroke {
  colour: string;
  width: number;
  dash?: readonly number[];
}

export function stroke(context: CanvasRenderingContext2D, points: readonly Point[], { colour, width, dash = [] }: Stroke): void {
  context.beginPath();
  points.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.lineCap = context.lineJoin = 'round';
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash([...dash]);
  context.stroke();
  context.setLineDash([]);
}
