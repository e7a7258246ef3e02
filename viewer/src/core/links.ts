// What one pane does to the others: which picture to show beside it, and how a view or a window carries over. Pure.

import { centreOf, nearestPicture, parallel, planeOf, sharesSpace } from './plane';
import type { DisplaySet } from './stack';
import type { View } from './view';

export interface Links {
  /** By position where both lie in the same frame of reference. */
  scroll: boolean;
  /** By the same number of pictures where they do not. */
  offset: boolean;
  window: boolean;
  /** Zoom, pan, rotation. */
  view: boolean;
  lines: boolean;
}

export const LINKS: Links = { scroll: true, offset: false, window: false, view: false, lines: true };

/** The picture of `other` that belongs beside picture `index` of `set`, after `step` pictures from where it was; undefined: leave it. */
export function linkedIndex(set: DisplaySet, index: number, step: number, other: DisplaySet, otherIndex: number, links: Links): number | undefined {
  const [plane, beside] = [planeOf(set.pictures[index]), planeOf(other.pictures[otherIndex])];
  if (plane && beside && sharesSpace(plane, beside)) {
    return links.scroll && parallel(plane, beside) ? nearestPicture(other.pictures, centreOf(plane))?.index : undefined;
  }
  return links.offset ? otherIndex + step : undefined;
}

/** The same enlargement and pose on a picture of another size; `ratio` is the size of the other over this one. */
export const linkedView = (view: View, ratio: number): View => ({ ...view, x: view.x * ratio, y: view.y * ratio });
