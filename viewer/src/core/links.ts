// What one pane does to the others: which picture to show beside it, and how a view or a window carries over. Pure.

import { add, centreOf, nearestPicture, parallel, planeOf, sharesSpace, toPixel } from './plane';
import type { DisplaySet } from './stack';
import type { View } from './view';

export interface Links {
  /** By position where both lie in the same frame of reference. */
  scroll: boolean;
  /** By the same way from where both began where they do not: in mm between parallel planes, else in pictures. */
  offset: boolean;
  window: boolean;
  /** Zoom, pan, rotation. */
  view: boolean;
  lines: boolean;
}

export const LINKS: Links = { scroll: true, offset: false, window: false, view: false, lines: true };

/** Two pictures, one of each set, that were beside each other when scrolling began. */
export interface Anchor {
  own: number;
  other: number;
}

/** The picture of `other` that belongs beside picture `index` of `set`; undefined: leave it. */
export function linkedIndex(set: DisplaySet, index: number, other: DisplaySet, anchor: Anchor, links: Links): number | undefined {
  const [plane, from, beside] = [planeOf(set.pictures[index]), planeOf(set.pictures[anchor.own]), planeOf(other.pictures[anchor.other])];
  const facing = plane && beside && parallel(plane, beside);
  if (plane && beside && sharesSpace(plane, beside)) {
    return links.scroll && facing ? nearestPicture(other.pictures, centreOf(plane))?.index : undefined;
  }
  if (!links.offset) return undefined;
  if (!plane || !from || !beside || !facing) return anchor.other + index - anchor.own;
  const moved = toPixel(from, plane.origin).distance;
  return nearestPicture(other.pictures, add(centreOf(beside), from.normal, moved))?.index;
}

/** The same enlargement and pose on a picture of another size; `ratio` is the size of the other over this one. */
export const linkedView = (view: View, ratio: number): View => ({ ...view, x: view.x * ratio, y: view.y * ratio });
