// Whether a frame is asked for as HTJ2K instead of as stored: where the link is so slow that the time saved is seen. Pure.

import { canBeInterpolated, type PixelDescription } from './pixels';

/** What is left of native frames as HTJ2K: 0.13 of a mammogram, 0.36 to 0.42 of CT slices; more where there is nothing but noise. */
const LEFT = 0.5;
/** Bytes of pixels that are written by the archive and read by the browser in a ms: 6 ms for a slice of CT, 130 ms for 27 MB. */
const MADE = 90_000;
/** ms a frame from which on it is a gain. */
const WORTHWHILE = 50;
const SENT_WHOLE = ['MONOCHROME1', 'MONOCHROME2', 'RGB'];

/** Whether to ask for it, at so many bytes in a ms; not where that is not known, or where anything of the pixel cells would not come back. */
export function isWorthRecoding(description: PixelDescription, overlays: boolean, rate: number | undefined): boolean {
  const { Rows, Columns, SamplesPerPixel, BitsAllocated, PixelRepresentation, PhotometricInterpretation } = description;
  if (!rate || overlays || PixelRepresentation > 1 || !SENT_WHOLE.includes(PhotometricInterpretation) || !canBeInterpolated(description)) return false;
  const bytes = (Rows * Columns * SamplesPerPixel * BitsAllocated) / 8;
  return (bytes * (1 - LEFT)) / rate - bytes / MADE > WORTHWHILE;
}
