// Annotations on a canvas, in the places that they have on screen. One unit is a CSS pixel.

import type { ColourScale } from '../../core/display';
import { localNumber, t } from '../../core/language';
import { formatValue } from '../../core/modality';
import type { Size } from '../../core/view';
import type { Annotations } from '../annotations';
import { measured, stroke, write, type Align } from './ink';

const LINE = 17;
/** Notes take this part of the width. */
const NOTES = 0.3;
const [EDGE, TOP, BOTTOM] = [14, 24, 14];

export function paintText(context: CanvasRenderingContext2D, { width, height }: Size, { corners, notes, letters, laterality, colours, bar }: Annotations): void {
  const lines = (texts: readonly string[], x: number, from: number, align: Align): void => texts.forEach((text, index) => write(context, text, [x, from + index * LINE], 12, align));
  const upward = (texts: readonly string[]): number => height - BOTTOM - (texts.length - 1) * LINE;
  lines(corners.topLeft, EDGE, TOP, 'left');
  lines(corners.topRight, width - EDGE, TOP, 'right');
  lines(corners.bottomRight, width - EDGE, upward(corners.bottomRight), 'right');
  lines(corners.bottomLeft, EDGE, upward(corners.bottomLeft), 'left');
  const noted = notes.flatMap((note) => wrapped(context, note, width * NOTES));
  noted.forEach((note, index) => write(context, note, [EDGE, upward(corners.bottomLeft) - (noted.length - index) * LINE], 11, 'left', '#ffd591'));
  if (letters) paintLetters(context, { width, height }, letters);
  if (laterality) write(context, laterality, [width / 2, 58], 28, 'center', '#f1f4f8', 700);
  if (colours) paintColours(context, { width, height }, colours);
  if (bar) paintBar(context, { width, height }, bar);
}

/** A text as lines that are no wider than `most`, but for single words. */
function wrapped(context: CanvasRenderingContext2D, text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length > 0 ? `${lines.at(-1) ?? ''} ${word}` : '';
    if (longer && measured(context, longer, 11) <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function paintLetters(context: CanvasRenderingContext2D, { width, height }: Size, { top, right, bottom, left }: NonNullable<Annotations['letters']>): void {
  write(context, top, [width / 2, TOP], 14, 'center', '#f1f4f8', 600);
  write(context, bottom, [width / 2, height - BOTTOM], 14, 'center', '#f1f4f8', 600);
  write(context, left, [EDGE, height / 2 + 5], 14, 'left', '#f1f4f8', 600);
  write(context, right, [width - EDGE, height / 2 + 5], 14, 'right', '#f1f4f8', 600);
}

function paintBar(context: CanvasRenderingContext2D, { width, height }: Size, bar: NonNullable<Annotations['bar']>): void {
  const [left, y] = [(width - bar.pixels) / 2, height - 38];
  write(context, `${localNumber(bar.label)} ${t(bar.provenance)}`.trim(), [width / 2, y - 12], 11, 'center');
  for (const pen of [{ colour: 'rgb(0 0 0 / 70%)', width: 3.5 }, { colour: '#f1f4f8', width: 1.5 }]) {
    stroke(context, [[left, y], [left + bar.pixels, y]], pen);
    for (let part = 0; part <= bar.parts; part += 1) {
      const x = left + (bar.pixels * part) / bar.parts;
      stroke(context, [[x, y], [x, y - (part === 0 || part === bar.parts ? 7 : 4)]], pen);
    }
  }
}

function paintColours(context: CanvasRenderingContext2D, { width, height }: Size, { nodes, unit }: ColourScale): void {
  const [low, high] = [nodes[0]?.value ?? 0, nodes.at(-1)?.value ?? 0];
  const [x, top, tall] = [width - 56, height * 0.3, Math.min(320, height * 0.4)];
  const gradient = context.createLinearGradient(0, top + tall, 0, top);
  for (const { value, red, green, blue } of nodes) {
    gradient.addColorStop(Math.min(1, Math.max(0, (value - low) / (high - low || 1))), `rgb(${red * 100}% ${green * 100}% ${blue * 100}%)`);
  }
  context.fillStyle = gradient;
  context.fillRect(x, top, 10, tall);
  stroke(context, [[x, top], [x + 10, top], [x + 10, top + tall], [x, top + tall], [x, top]], { colour: 'rgb(255 255 255 / 50%)', width: 1 });
  [`${formatValue(high)} ${unit}`.trim(), formatValue((low + high) / 2), formatValue(low)].forEach((text, index) => write(context, text, [x - 6, top + 10 + ((tall - 12) * index) / 2], 11, 'right'));
}
