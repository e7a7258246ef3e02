// Pictures that take long to come are shown before they are whole: as one of eight, four, two pixels a side, from the beginning of
// their codestream. One at a time is made, and only while the rest is worth waiting for. Knows no network, no worker.

import { canBeInterpolated, type PixelDescription } from '../core/pixels';
import { MOST_SIDE } from '../core/reduced';
import { lowerResolution } from '../core/resolutions';
import type { Arriving, EncodedFrame } from '../net/dicomweb';

/** Less than this, in ms, and the whole picture comes before it makes a difference. */
const WORTHWHILE = 250;
/** Pixels of the longer side below which there is too little to see. */
const LEAST_SIDE = 256;

export interface Maker {
  /** Whether somebody looks. */
  wanted(): boolean;
  /** Shows the picture that this beginning is, with one of so many pixels a side. */
  make(beginning: EncodedFrame, reducedBy: number): Promise<void>;
}

/** Takes a frame's bytes each time that more of them have come. */
export function sharpening(description: PixelDescription, overlays: boolean, { wanted, make }: Maker): Arriving {
  const longest = Math.max(description.Rows, description.Columns);
  let shown = canBeInterpolated(description) && !overlays ? Infinity : 0;
  let busy = false;
  return ({ transferSyntaxUID, bytes }, remaining) => {
    if (busy || shown <= 2 || remaining < WORTHWHILE || !wanted()) return;
    const found = lowerResolution(bytes);
    if (!found || found.by >= shown || longest / found.by < LEAST_SIDE || longest / found.by > MOST_SIDE) return;
    shown = found.by;
    busy = true;
    void make({ transferSyntaxUID, bytes: bytes.slice(0, found.end) }, found.by)
      .catch(() => (shown = 0)) // the whole picture will say what is wrong with it
      .finally(() => (busy = false));
  };
}
