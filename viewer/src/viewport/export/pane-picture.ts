// The picture of a pane, painted anew: image, overlays, measurements, text. The same from both renderers.

import type { Detail } from '../../core/corner-text';
import { storedNodes } from '../../core/display';
import { ownFrame, type Frame } from '../../core/export';
import { baseOf } from '../../core/fusion';
import { withoutNames } from '../../core/naming';
import { drawable } from '../../core/reduced';
import type { Picture } from '../../core/stack';
import { FIT, scaleOf } from '../../core/view';
import { brightness } from '../../core/viewport-port';
import type { DicomWebClient } from '../../net/dicomweb';
import { annotations } from '../annotations';
import { develop, place } from '../canvas/drawing';
import { drawMask, maskParts, paddingShows, withoutPlanes } from '../mask';
import { developOver } from '../fusion/picture';
import type { Overlay } from '../fusion/overlay';
import type { FusionSession } from '../fusion/session';
import type { MeasureSession } from '../measure/session';
import type { StructuresSession } from '../structures/session';
import type { PaneState } from '../stack-controller';
import type { ExportState } from './choices';
import { paintState } from './paint-state';
import { paintMeasures } from './paint-measures';
import { paintText } from './paint-text';

export interface PaneParts {
  client: DicomWebClient;
  measure: MeasureSession | undefined;
  structures: StructuresSession | undefined;
  fusion: FusionSession | undefined;
  /** Overlay planes and shutter are shown. */
  planes: boolean;
  /** Notes that stand on the picture, a line each. */
  further: string;
}

/** `ratio` is how many pixels a CSS pixel of the pane gets. Returns nothing where the pane shows no picture. */
export async function panePicture(state: PaneState, parts: PaneParts, { text, ownSize, ratio = devicePixelRatio }: Pick<ExportState, 'text' | 'ownSize'> & { ratio?: number }): Promise<HTMLCanvasElement | undefined> {
  const { bitmap } = state;
  if (!bitmap) return undefined;
  const frame: Frame = ownSize ? ownFrame(state.view, bitmap) : { pane: state.pane, view: state.view, ratio };
  const framed = { ...state, pane: frame.pane, view: frame.view };
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: Math.round(frame.pane.width * frame.ratio), height: Math.round(frame.pane.height * frame.ratio) });
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return undefined;
  await paintImage(context, framed, frame, parts);
  const layers = parts.structures?.layers(state.set?.pictures[state.shown]);
  if (layers) (await import('../structures/painter')).paintLayers(context, layers, bitmap, frame.view, frame.pane, frame.ratio);
  context.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0);
  const about = state.set?.pictures[state.shown]?.instance.dataSet;
  const say = (line: string): string => (text ? line : withoutNames(line, about));
  paintState(context, framed, say);
  if (parts.measure) paintMeasures(context, parts.measure.laid(framed), say);
  const detail: Detail = text ? 'all' : 'none';
  const overlay = parts.fusion?.of(state.set);
  const further = [parts.further, ...(overlay && state.set ? overlay.notes(baseOf(state.set)) : [])].join('\n');
  const written = annotations(framed, detail, further, { calibration: parts.measure?.calibration(state.set?.pictures[state.shown]) });
  if (written) paintText(context, frame.pane, { ...written, colours: overlay?.colours() ?? written.colours });
  return canvas;
}

async function paintImage(context: CanvasRenderingContext2D, state: PaneState, { pane, view, ratio }: Frame, { client, planes, fusion }: Pick<PaneParts, 'client' | 'planes' | 'fusion'>): Promise<void> {
  const { bitmap, set, shown, grey, setting, smooth, presentation } = state;
  const picture = set?.pictures[shown];
  if (!bitmap || !picture) return;
  const image = document.createElement('canvas');
  const nodes = grey ? storedNodes(grey.nodes, picture, bitmap, setting) : [];
  const drawn = drawable(bitmap);
  develop(drawn, nodes, image);
  place(context, image, drawn, view, pane, ratio, smooth);
  paintOver(context, fusion?.of(set), picture, state, { pane, view, ratio });
  const parts = await maskParts(client, picture, bitmap, presentation);
  const mask = planes ? parts : withoutPlanes(parts);
  const padding = nodes.length > 0 && paddingShows(picture, bitmap, brightness(nodes));
  if (!mask && !padding) return;
  const over = drawMask(picture, bitmap, mask, padding);
  Object.assign(image, { width: over.width, height: over.height });
  image.getContext('2d')?.putImageData(over, 0, 0);
  place(context, image, bitmap, view, pane, ratio, scaleOf(view, bitmap, pane) * ratio < 1);
}

/** The picture itself, one pixel for one: colours, padding, overlay planes, shutter. */
export async function drawnPicture(state: PaneState, client: DicomWebClient): Promise<HTMLCanvasElement | undefined> {
  if (!state.bitmap) return undefined;
  const bitmap = { ...state.bitmap, pixelWidth: 1, pixelHeight: 1 };
  const pane = { width: bitmap.columns, height: bitmap.rows };
  const canvas = Object.assign(document.createElement('canvas'), pane);
  const context = canvas.getContext('2d', { alpha: false });
  if (context) await paintImage(context, { ...state, bitmap }, { pane, view: FIT, ratio: 1 }, { client, planes: true, fusion: undefined });
  return canvas;
}

/** The series that lies over the picture, as it was last drawn. */
function paintOver(context: CanvasRenderingContext2D, overlay: Overlay | undefined, picture: Picture, { smooth }: PaneState, { pane, view, ratio }: Frame): void {
  const drawn = overlay?.drawnOver(picture.id);
  if (!overlay || !drawn) return;
  const image = document.createElement('canvas');
  developOver(drawn, overlay.nodes(drawn), image);
  context.globalAlpha = overlay.state().blend;
  place(context, image, drawn, view, pane, ratio, smooth);
  context.globalAlpha = 1;
}
