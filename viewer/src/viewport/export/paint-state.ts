// The graphics and texts of a presentation state on a canvas. One unit is a CSS pixel. `say` is what stands for a line.

import { layOutState, STATE_LINE } from '../lay-out-state';
import type { PaneState } from '../stack-controller';
import { stroke, write } from './ink';

export function paintState(context: CanvasRenderingContext2D, state: PaneState, say: (line: string) => string): void {
  const laid = layOutState(state);
  for (const pen of [{ colour: 'rgb(0 0 0 / 70%)', width: 3.5 }, { colour: '#fff', width: 1.5 }]) {
    for (const { points } of laid?.shapes ?? []) stroke(context, points, pen);
  }
  for (const { points } of laid?.shapes.filter(({ filled }) => filled) ?? []) {
    context.beginPath();
    points.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.fillStyle = '#fff';
    context.fill();
  }
  for (const { at, lines } of laid?.texts ?? []) lines.forEach((line, index) => write(context, say(line), [at[0], at[1] + 13 + index * STATE_LINE], 13));
}
