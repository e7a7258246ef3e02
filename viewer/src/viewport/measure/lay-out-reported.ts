// What a report measured, as it lies in a pane.

import { labelBeside } from '../../core/measure/label';
import { linesOf, pixelsOf, type ReportedMeasurement } from '../../core/measure/reported';
import { planeOf } from '../../core/plane';
import type { Picture } from '../../core/stack';
import { pixelToPane } from '../../core/view';
import type { LoadedBitmap } from '../bitmap-store';
import { layOutArrow } from './lay-out-arrow';
import type { Laid } from './session';
import type { MeasuredState } from './shown';

/** Unlike what was measured here, which is yellow. */
const COLOUR = '#7fd4ff';
/** Curves have no handles at their points. */
const MOST_HANDLES = 4;

/** Nothing where it does not lie on this picture. */
export function layOutReported({ id, name, results, places, arrow }: ReportedMeasurement, picture: Picture, bitmap: LoadedBitmap, { view, pane }: MeasuredState): Laid[] {
  const plane = planeOf(picture);
  const line = arrow === undefined ? undefined : (places[1] ?? places[0]);
  const along = line && pixelsOf(line, picture, plane);
  if (along) return [{ ...layOutArrow({ id, kind: 'reported', colour: COLOUR, name: arrow ?? '' }, along.map((point) => pixelToPane(point, view, bitmap, pane)), pane), handles: [] }];
  const lines = places.flatMap((place) => {
    const points = pixelsOf(place, picture, plane);
    return points ? linesOf(place.graphic, points) : [];
  });
  if (lines.length === 0) return [];
  const chains = lines.map((points) => ({ points: points.map((point) => pixelToPane(point, view, bitmap, pane)), helper: false }));
  const handles = chains.flatMap(({ points }) => (points.length <= MOST_HANDLES ? points : points.slice(0, 1)));
  const written = [name, ...results].filter(Boolean);
  return [{ item: { id, kind: 'reported', colour: COLOUR }, handles, anchors: handles, chains, lines: written, label: labelBeside(chains.flatMap(({ points }) => points), written, pane) }];
}
