// A slide as measuring tools see it: one picture in colour, as large as its finest level, wherever and however it is shown.

import { slidePicture } from '../../core/slide/picture';
import type { Slide } from '../../core/slide/pyramid';
import { asPicture } from '../../core/slide/view';
import type { DisplaySet } from '../../core/stack';
import { DEFAULT_CHOICE } from '../../core/display';
import type { LoadedBitmap } from '../bitmap-store';
import type { Measured } from '../measure/shown';
import type { SlideState } from './session';

/** By the canvas that a slide is drawn on. */
export const slideOn = new WeakMap<HTMLCanvasElement, Measured>();

export function measuredSlide(set: DisplaySet, { columns, rows }: Slide, state: () => Pick<SlideState, 'view' | 'pane'>): Measured {
  const picture = slidePicture(set.instances);
  const shownAs: DisplaySet = { ...set, pictures: picture ? [picture] : [] };
  const bitmap: LoadedBitmap = { id: picture?.id ?? '', columns, rows, pixelWidth: 1, pixelHeight: 1, samples: 3, pixels: new Uint8Array(0), min: 0, max: 0, source: 'archive' };
  return {
    picture,
    state: () => {
      const { view, pane } = state();
      return { set: shownAs, shown: 0, bitmap: view.scale > 0 ? bitmap : undefined, setting: { choice: DEFAULT_CHOICE, inverted: false }, view: asPicture(view, { columns, rows }, pane), pane };
    },
  };
}
