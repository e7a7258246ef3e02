// Pictures out of the viewer: to a file, to the clipboard. Says in one line why there is none, else nothing.

import { pictureName } from '../../core/export';
import { t } from '../../core/language';
import type { StackController } from '../stack-controller';
import type { Volume3dSession } from '../volume3d/session';
import type { ExportState } from './choices';
import { download } from './download';
import { paintedPicture } from './painted';
import { panePicture, type PaneParts } from './pane-picture';
import { volumePicture } from './volume-picture';

export interface Exported {
  canvas: HTMLCanvasElement;
  /** Without ending. */
  name: string;
}

export interface ExportSource {
  volume: Volume3dSession | undefined;
  active: StackController;
  /** Its number. */
  pane: number;
  parts: PaneParts;
}

/** The picture on screen: the volume where one is open, else the active pane; or why there is none. */
export async function exported({ volume, active, pane, parts }: ExportSource, wanted: ExportState): Promise<Exported | string> {
  if (volume) {
    const canvas = volumePicture(volume, wanted.text);
    return canvas ? { canvas, name: pictureName(volume.source, '3D') } : t('The volume is still being drawn: try again when it is at rest');
  }
  const state = active.state();
  const canvas = state.set && ((await panePicture(state, parts, wanted)) ?? paintedPicture(pane, parts.measure, wanted.text));
  if (!state.set || !canvas) return t('There is no picture in this pane');
  return { canvas, name: pictureName(state.set, Math.max(0, state.shown) + 1) };
}

export type PictureType = 'png' | 'jpeg';
const ENDINGS: Readonly<Record<PictureType, string>> = { png: 'png', jpeg: 'jpg' };

const encoded = (canvas: HTMLCanvasElement, type: PictureType, quality: number): Promise<Blob> =>
  new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error(t('The picture is too large for this browser')))), `image/${type}`, quality));

export async function downloadPicture(source: ExportSource, wanted: ExportState, type: PictureType = 'png'): Promise<string> {
  const made = await exported(source, wanted);
  if (typeof made === 'string') return made;
  download(await encoded(made.canvas, type, wanted.quality), `${made.name}.${ENDINGS[type]}`);
  return '';
}

export async function copyPicture(source: ExportSource, wanted: ExportState): Promise<string> {
  // Browsers give pages the clipboard over HTTPS and on the own machine only; the types do not say so.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (!clipboard || typeof ClipboardItem === 'undefined') return t('The browser lets pages copy pictures over HTTPS only: save it as a file instead');
  const made = await exported(source, wanted);
  if (typeof made === 'string') return made;
  await clipboard.write([new ClipboardItem({ 'image/png': encoded(made.canvas, 'png', 1) })]);
  return '';
}
