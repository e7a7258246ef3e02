// Measurements on a canvas: lines with a dark edge, points, and the values in their boxes. One unit is a CSS pixel.
// `say` is what stands for a line.

import { LINE_HEIGHT, nearestOfBox } from '../../core/measure/label';
import { nearestPoint } from '../../core/measure/outline';
import type { Laid } from '../measure/session';
import { stroke, write } from './ink';

const YELLOW = '#ffd84d';
const HALO = { colour: 'rgb(0 0 0 / 70%)', width: 3.5 };

export function paintMeasures(context: CanvasRenderingContext2D, all: readonly Laid[], say: (line: string) => string): void {
  for (const laid of all) {
    const colour = laid.item.colour ?? YELLOW;
    for (const { points } of laid.chains) stroke(context, points, HALO);
    for (const { points, helper } of laid.chains) stroke(context, points, helper ? { colour, width: 1, dash: [3, 4] } : { colour, width: 1.5 });
    for (const [x, y] of laid.tip ? [] : laid.handles) paintHandle(context, x, y, colour, laid.item.kind === 'probe');
    if (laid.lines.length > 0) paintLabel(context, laid, say);
  }
}

function paintHandle(context: CanvasRenderingContext2D, x: number, y: number, colour: string, cross: boolean): void {
  if (cross) {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) stroke(context, [[x + dx * 3, y + dy * 3], [x + dx * 9, y + dy * 9]], { colour, width: 1.5 });
    return;
  }
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.fillStyle = 'rgb(0 0 0 / 55%)';
  context.fill();
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.stroke();
}

function paintLabel(context: CanvasRenderingContext2D, { anchors, lines, label }: Laid, say: (line: string) => string): void {
  const target = nearestPoint(anchors, [label.x + label.width / 2, label.y + label.height / 2]);
  const from = target && nearestOfBox(label, target);
  if (target && from) stroke(context, [target, from], { colour: 'rgb(255 255 255 / 45%)', width: 1, dash: [2, 3] });
  context.fillStyle = 'rgb(10 12 15 / 72%)';
  context.fillRect(label.x, label.y, label.width, label.height);
  lines.forEach((line, index) => write(context, say(line), [label.x + 6, label.y + 14 + index * LINE_HEIGHT], 12, 'left', '#fff3c4'));
}
