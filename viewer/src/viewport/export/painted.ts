// What a pane shows that is no stack of pictures but painted: an ECG's paper, a slide with its measurements.

import { withoutNames } from '../../core/naming';
import type { MeasureSession } from '../measure/session';
import { slideOn } from '../slide/measured';
import { paintMeasures } from './paint-measures';

const PAINTED = '.waveform-sheet > canvas, .slide-surface > canvas';

/** The pane with this number, as it is on the page. */
export const paneElement = (index: number): Element | undefined => document.querySelectorAll('.pane')[index];

/** A copy as it is on screen, on white; undefined where the pane shows nothing of the kind. `named`: texts may name the patient. */
export function paintedPicture(index: number, measure: MeasureSession | undefined, named: boolean): HTMLCanvasElement | undefined {
  const shown = paneElement(index)?.querySelector<HTMLCanvasElement>(PAINTED);
  if (!shown) return undefined;
  const canvas = Object.assign(document.createElement('canvas'), { width: shown.width, height: shown.height });
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return undefined;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(shown, 0, 0);
  const slide = slideOn.get(shown);
  if (!slide || !measure) return canvas;
  const state = slide.state();
  context.scale(canvas.width / state.pane.width, canvas.height / state.pane.height);
  paintMeasures(context, measure.laid(state), (line) => (named ? line : withoutNames(line, slide.picture?.instance.dataSet)));
  return canvas;
}
