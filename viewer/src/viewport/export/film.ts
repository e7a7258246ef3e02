// The pictures of a pane as a film (WebM), each painted as a picture to take along is, recorded in their own time.

import { shownGrey } from '../../core/display';
import { pictureName } from '../../core/export';
import { filmFrames, MOST_FRAMES } from '../../core/film';
import { t } from '../../core/language';
import type { PaneState } from '../stack-controller';
import type { PictureStore } from '../picture-store';
import type { ExportState } from './choices';
import { download } from './download';
import { panePicture, type PaneParts } from './pane-picture';

const TYPES = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm'];
/** Bytes of a picture of a film at least; some browsers give a film without any when they have no time. */
const LEAST = 20;
/** Bits of film for a pixel of a frame. */
const BITS = 0.25;

/** Records all pictures of the pane and saves the film; returns what to tell the user. */
export async function downloadFilm(state: PaneState, store: PictureStore, parts: PaneParts, wanted: ExportState, progress: (text: string) => void): Promise<string> {
  const { set } = state;
  const type = typeof MediaRecorder === 'undefined' ? undefined : TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  if (!set || set.pictures.length < 2) return t('A film needs a series of several pictures in the pane');
  if (set.pictures.length > MOST_FRAMES) return t('A film has at most {most} pictures, this series has {n}', { most: MOST_FRAMES, n: set.pictures.length });
  if (!type) return t('This browser cannot record films');
  const first = await pictureAt(state, 0, store, parts, wanted);
  if (!first) return t('There is no picture in this pane');
  const isEmpty = ({ size }: Blob): boolean => size < LEAST * set.pictures.length;
  let film = await record(state, first, store, parts, wanted, type, progress);
  if (isEmpty(film)) film = await record(state, first, store, parts, wanted, type, progress);
  if (isEmpty(film)) return t('The browser recorded no pictures; try again with fewer programs running');
  download(film, `${pictureName(set, 'film')}.webm`);
  return t('The film is saved');
}

async function pictureAt(state: PaneState, index: number, store: PictureStore, parts: PaneParts, wanted: ExportState): Promise<HTMLCanvasElement | undefined> {
  const { set, setting } = state;
  const picture = set?.pictures[index];
  if (!set || !picture) return undefined;
  const bitmap = await store.load(set, picture, 'interaction');
  const grey = bitmap.samples === 1 ? shownGrey(picture, bitmap, set.modality, setting, set.states) : undefined;
  return panePicture({ ...state, index, shown: index, bitmap, grey }, parts, wanted);
}

async function record(state: PaneState, first: HTMLCanvasElement, store: PictureStore, parts: PaneParts, wanted: ExportState, mimeType: string, progress: (text: string) => void): Promise<Blob> {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: first.width + (first.width % 2), height: first.height + (first.height % 2) });
  const context = canvas.getContext('2d', { alpha: false });
  const frames = filmFrames(state.set?.pictures.length ?? 0, state.set?.kind === 'clip', state.timing, state.rate);
  const rate = 1000 / Math.min(...frames.map(({ duration }) => duration));
  const stream = canvas.captureStream(Math.min(60, rate));
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: Math.round(canvas.width * canvas.height * Math.min(60, rate) * BITS) });
  const parted: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parted.push(data));
  const stopped = new Promise((done) => recorder.addEventListener('stop', done, { once: true }));
  context?.drawImage(first, 0, 0);
  recorder.start();
  try {
    for (const { index, duration } of frames) {
      const shown = performance.now();
      const painted = index === 0 ? first : await pictureAt(state, index, store, parts, wanted);
      if (painted) context?.drawImage(painted, 0, 0);
      progress(t('Recording {index} of {n}', { index: index + 1, n: frames.length }));
      await new Promise((done) => setTimeout(done, Math.max(0, duration - (performance.now() - shown))));
    }
  } finally {
    recorder.stop();
    await stopped;
    for (const track of stream.getTracks()) track.stop();
  }
  return new Blob(parted, { type: 'video/webm' });
}
