// Everything that is written over a picture: corners, notes, edge letters, scale, colours. What it is, not how it looks.

import { mapOf } from '../core/colour-maps';
import { cornerText, laterality, permanentNotes, type Corners, type Detail } from '../core/corner-text';
import { colourScale, type ColourScale } from '../core/display';
import { t } from '../core/language';
import { edgeLetters } from '../core/orientation';
import { spacingBy, type Calibration } from '../core/measure/calibration';
import { pictureInfo, spacingAt } from '../core/picture-info';
import { reduction } from '../core/reduced';
import { scaleBar, type ScaleBar, type Spacing } from '../core/spacing';
import type { DisplaySet, Picture } from '../core/stack';
import { chosenSuv } from '../core/suv';
import { subtractionText } from '../core/subtraction';
import { degreesOf, scaleOf, type Point } from '../core/view';
import type { PaneState } from './stack-controller';

export interface Annotations {
  corners: Corners;
  notes: string[];
  letters: ReturnType<typeof edgeLetters>;
  /** R or L of paired organs. */
  laterality: string;
  /** In colours: what they mean. */
  colours: ColourScale | undefined;
  bar: (ScaleBar & { provenance: string }) | undefined;
}

/** Narrower or lower panes have no room for a scale. */
const LEAST_PANE = 250;
/** What texts in the lower corners, at their widest, leave between them: a part of the pane without their margins. */
const [BETWEEN, BESIDE] = [0.36, 68];

/** What decides the scale: with ultrasound regions the pixel under the pointer, before the file a calibration by hand. */
export interface ScaleSource {
  pixel?: Point | undefined;
  calibration?: Calibration | undefined;
  /** Without whoever the patient is. */
  unnamed?: boolean | undefined;
}

/** `further` are more notes, a line each. */
export function annotations(state: PaneState, detail: Detail, further: string, { pixel, calibration, unnamed }: ScaleSource = {}): Annotations | undefined {
  const { set, index, shown, bitmap, view } = state;
  const picture = set?.pictures[shown >= 0 ? shown : index];
  if (!set || !picture) return undefined;
  return {
    corners: cornersOf(state, set, picture, detail, unnamed),
    notes: [...notesOf(set, picture, bitmap, calibration), ...further.split('\n').filter(Boolean)],
    letters: edgeLetters(picture.orientation, pictureInfo(picture).PatientOrientation, view),
    laterality: laterality(picture.instance.dataSet),
    colours: coloursOf(state, picture),
    bar: barOf(state, calibration ? spacingBy(calibration) : spacingAt(picture, pixel)),
  };
}

function cornersOf({ index, bitmap, view, pane, grey, setting, playing, rate }: PaneState, set: DisplaySet, picture: Picture, detail: Detail, unnamed: boolean | undefined): Corners {
  return cornerText({
    set,
    picture,
    index,
    detail,
    paneWidth: pane.width,
    scale: bitmap ? scaleOf(view, bitmap, pane) * bitmap.pixelWidth : 0,
    turned: view.angle ? degreesOf(view) : undefined,
    window: grey?.window,
    windowLabel: grey?.label ?? '',
    map: grey && t(mapOf(setting.map)?.label ?? ''),
    suv: chosenSuv(pictureInfo(picture).transform.suv?.factors, setting.suv),
    rate: playing ? rate : undefined,
    unnamed,
  });
}

function notesOf(set: DisplaySet, picture: Picture, bitmap: PaneState['bitmap'], calibration: Calibration | undefined): string[] {
  const { spacing, regions } = pictureInfo(picture);
  const notes = permanentNotes(set, picture, bitmap?.source, bitmap?.lossy === true, calibration !== undefined || spacing !== undefined || regions.length > 0);
  if (calibration) notes.unshift(spacing ? t('Calibrated by hand, not as the file says') : t('Calibrated by hand'));
  if (bitmap?.reduced) notes.unshift(t('Reduced to 1/{factor}', { factor: bitmap.reduced.by }));
  if (bitmap?.surplus) notes.unshift(t('More pixel data than the header says: the rest is not shown'));
  if (bitmap?.incomplete) notes.unshift(t('Cut off: part of the pixel data is missing'));
  else if (bitmap && reduction(bitmap) > 1) notes.unshift(t('Drawn with one of {n} pixels a side: too large for this browser', { n: reduction(bitmap) }));
  return set.subtraction ? [subtractionText(set.subtraction.by, picture.frame), ...notes] : notes;
}

function coloursOf({ grey, pane, setting }: PaneState, picture: Picture): ColourScale | undefined {
  return grey && Math.min(pane.width, pane.height) >= LEAST_PANE ? colourScale(grey.nodes, picture, setting) : undefined;
}

function barOf({ bitmap, pane, view }: PaneState, spacing: Spacing | undefined): Annotations['bar'] {
  if (!spacing || !bitmap || pane.width < LEAST_PANE) return undefined;
  const scale = scaleOf(view, bitmap, pane);
  const sideways = view.turns % 2 === 1;
  const pixelsPerMm = sideways ? (scale * bitmap.pixelHeight) / spacing.row : (scale * bitmap.pixelWidth) / spacing.column;
  const bar = scaleBar(pixelsPerMm, Math.min(200, pane.width * BETWEEN - BESIDE));
  return bar && { ...bar, provenance: spacing.provenance };
}
