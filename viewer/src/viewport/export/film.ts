// The pictures of a pane as a film in their own time, each painted as a picture to take along is: encoded one by one as MP4
// where the browser can, else recorded as WebM in the time that they take.

import { shownGrey } from '../../core/display';
import { pictureName } from '../../core/export';
import { filmFrames, MOST_FRAMES, type FilmFrame } from '../../core/film';
import { t } from '../../core/language';
import { mp4, type Mp4Frame } from '../../core/mp4';
import type { PaneState } from '../stack-controller';
import type { PictureStore } from '../picture-store';
import type { ExportState } from './choices';
import { download } from './download';
import { h264For, webmType } from './film-kind';
import type { Job } from './job';
import { panePicture, type PaneParts } from './pane-picture';

/** Bytes of a recorded picture at least; some browsers give a film without any when they have no time. */
const LEAST = 20;
/** Bits of a recorded film for a pixel of a frame. */
const BITS = 0.25;
/** Pictures a second of what is recorded. */
const FASTEST = 60;
/** Frames from one that stands alone to the next, so that players can jump. */
const KEYS = 30;
/** Frames that wait for the encoder. */
const WAITING = 4;
/** ms after which the encoder is looked at again. */
const ENCODING = 200;

type Paint = (index: number) => Promise<HTMLCanvasElement | undefined>;

interface Film {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  frames: readonly FilmFrame[];
  rate: number;
  /** Paints the frame on the canvas. */
  paint(frame: FilmFrame): Promise<void>;
}

/** Makes a film of all pictures of the pane and saves it; returns what to tell the user. */
export async function downloadFilm(state: PaneState, store: PictureStore, parts: PaneParts, wanted: ExportState, job: Job): Promise<string> {
  const { set } = state;
  if (!set || set.pictures.length < 2) return t('A film needs a series of several pictures in the pane');
  if (set.pictures.length > MOST_FRAMES) return t('A film has at most {most} pictures, this series has {n}', { most: MOST_FRAMES, n: set.pictures.length });
  const film = await filmOf(state, (index) => pictureAt(state, index, store, parts, wanted));
  if (!film) return t('There is no picture in this pane');
  const config = await h264For(film.canvas.width, film.canvas.height, film.rate);
  const encoded = config && (await encode(film, config, job));
  const type = webmType();
  if (!encoded && !type) return t('This browser cannot record films');
  const made = encoded ?? (await recordTwice(film, type as string, job));
  job.signal.throwIfAborted();
  if (!made) return t('The browser recorded no pictures; try again with fewer programs running');
  download(made, `${pictureName(set, 'film')}.${encoded ? 'mp4' : 'webm'}`);
  return t('The film is saved ({kind})', { kind: encoded ? 'MP4' : 'WebM' });
}

async function filmOf({ set, timing, rate }: PaneState, paint: Paint): Promise<Film | undefined> {
  const first = await paint(0);
  if (!first) return undefined;
  // H.264 halves both sides of the colours.
  const canvas = Object.assign(document.createElement('canvas'), { width: first.width + (first.width % 2), height: first.height + (first.height % 2) });
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return undefined;
  const frames = filmFrames(set?.pictures.length ?? 0, set?.kind === 'clip', timing, rate);
  return {
    canvas,
    context,
    frames,
    rate: Math.min(FASTEST, 1000 / Math.min(...frames.map(({ duration }) => duration))),
    paint: async ({ index }) => {
      const painted = index === 0 ? first : await paint(index);
      if (painted) context.drawImage(painted, 0, 0);
    },
  };
}

/** A picture of the pane's series as the pane would show it. */
export async function pictureAt(state: PaneState, index: number, store: PictureStore, parts: PaneParts, wanted: Parameters<typeof panePicture>[2]): Promise<HTMLCanvasElement | undefined> {
  const { set, setting } = state;
  const picture = set?.pictures[index];
  if (!set || !picture) return undefined;
  const bitmap = await store.load(set, picture, 'interaction');
  const grey = bitmap.samples === 1 ? shownGrey(picture, bitmap, set.modality, setting, set.states) : undefined;
  return panePicture({ ...state, index, shown: index, bitmap, grey }, parts, wanted);
}

/** Undefined where the encoder fails or leaves out frames. */
async function encode(film: Film, config: VideoEncoderConfig, job: Job): Promise<Blob | undefined> {
  const chunks: Omit<Mp4Frame, 'duration'>[] = [];
  let description: Uint8Array | undefined;
  let failed = false;
  const encoder = new VideoEncoder({
    output: (chunk, metadata) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      chunks.push({ bytes, key: chunk.type === 'key' });
      const told = metadata?.decoderConfig?.description;
      if (told) description = bytesOf(told);
    },
    error: () => {
      failed = true;
    },
  });
  try {
    encoder.configure(config);
    await feed(film, encoder, job);
    await encoder.flush();
  } catch {
    job.signal.throwIfAborted();
    failed = true;
  } finally {
    if (encoder.state !== 'closed') encoder.close();
  }
  if (failed || !description || chunks.length !== film.frames.length) return undefined;
  const frames = chunks.map((chunk, index): Mp4Frame => ({ ...chunk, duration: (film.frames[index] as FilmFrame).duration }));
  return new Blob(mp4({ width: config.width, height: config.height, description }, frames), { type: 'video/mp4' });
}

const bytesOf = (source: AllowSharedBufferSource): Uint8Array => (ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source)).slice();

async function feed(film: Film, encoder: VideoEncoder, { signal, progress }: Job): Promise<void> {
  let time = 0;
  for (const [at, frame] of film.frames.entries()) {
    signal.throwIfAborted();
    await film.paint(frame);
    const painted = new VideoFrame(film.canvas, { timestamp: Math.round(time * 1000), duration: Math.round(frame.duration * 1000) });
    encoder.encode(painted, { keyFrame: at % KEYS === 0 });
    painted.close();
    time += frame.duration;
    progress(at + 1, film.frames.length);
    while (encoder.encodeQueueSize > WAITING) await room(encoder);
  }
}

/** Waits until the encoder takes a frame from its queue; one that failed tells nothing. */
const room = (encoder: VideoEncoder): Promise<void> =>
  new Promise((done) => {
    encoder.addEventListener('dequeue', () => done(), { once: true });
    setTimeout(done, ENCODING);
  });

/** Undefined where there are no pictures in it, twice. */
async function recordTwice(film: Film, type: string, job: Job): Promise<Blob | undefined> {
  const isEmpty = ({ size }: Blob): boolean => size < LEAST * film.frames.length;
  const made = await record(film, type, job);
  if (!isEmpty(made)) return made;
  const again = await record(film, type, job);
  return isEmpty(again) ? undefined : again;
}

async function record(film: Film, mimeType: string, { signal, progress }: Job): Promise<Blob> {
  const { canvas, frames, rate } = film;
  const stream = canvas.captureStream(rate);
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: Math.round(canvas.width * canvas.height * rate * BITS) });
  const parted: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parted.push(data));
  const stopped = new Promise((done) => recorder.addEventListener('stop', done, { once: true }));
  await film.paint(frames[0] as FilmFrame);
  recorder.start();
  try {
    for (const [at, frame] of frames.entries()) {
      signal.throwIfAborted();
      const shown = performance.now();
      await film.paint(frame);
      progress(at + 1, frames.length);
      await new Promise((done) => setTimeout(done, Math.max(0, frame.duration - (performance.now() - shown))));
    }
  } finally {
    recorder.stop();
    await stopped;
    for (const track of stream.getTracks()) track.stop();
  }
  return new Blob(parted, { type: 'video/webm' });
}
