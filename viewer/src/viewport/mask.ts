// What is painted over a picture before any text: padding, a supplemental palette, shutter, overlay planes, as one image of the picture's size.

import { greyAt } from '../core/display';
import { isShut, overlayPlanes, planeFrame, readShutter, unpackPlane, type OverlayPlane, type Shutter } from '../core/overlay-planes';
import { pictureInfo } from '../core/picture-info';
import { hasSupplementalPalette, rgbFromPalette, type Palette } from '../core/pixels';
import { isFor, type PresentationState } from '../core/presentation-state';
import { drawable } from '../core/reduced';
import type { Picture } from '../core/stack';
import type { StoredPixels } from '../core/viewport-port';
import type { DicomWebClient } from '../net/dicomweb';
import { overlayBytes } from '../net/overlay-data';
import { loadPalette } from '../net/palette';
import type { LoadedBitmap } from './bitmap-store';

const BLACK = 0xff000000;
/** RGBA words are little endian: alpha, blue, green, red. */
const OVERLAY = 0xff5ccfff;

export interface MaskParts {
  planes: { plane: OverlayPlane; bits: Uint8Array }[];
  shutter: Shutter | undefined;
  /** Colours of the stored values from its first one on. */
  palette?: Palette | undefined;
}

/** What lies over this picture, by a presentation state where one is for it; undefined where nothing does. */
export async function maskParts(client: DicomWebClient, picture: Picture, bitmap: LoadedBitmap, state?: PresentationState): Promise<MaskParts | undefined> {
  const { dataSet } = picture.instance;
  const own = state && isFor(state, picture) ? state.dataSet : undefined;
  const shutter = readShutter(own ?? dataSet);
  const wanted = own ? [...overlayPlanes(dataSet).filter(({ group }) => own[`${group}1001`]?.Value?.[0]), ...overlayPlanes(own)] : overlayPlanes(dataSet);
  const planes = await Promise.all(wanted.map((plane) => planeBits(client, plane, picture, bitmap)));
  const present = planes.filter((entry) => entry !== undefined);
  const palette = hasSupplementalPalette(dataSet) && bitmap.samples === 1 ? await loadPalette(client, dataSet).catch(() => undefined) : undefined;
  return shutter || palette || present.length > 0 ? { planes: present, shutter, palette } : undefined;
}

/** What stays where overlays and shutter are switched off. */
export const withoutPlanes = (parts: MaskParts | undefined): MaskParts | undefined => (parts?.palette ? { planes: [], shutter: undefined, palette: parts.palette } : undefined);

async function planeBits(client: DicomWebClient, plane: OverlayPlane, picture: Picture, bitmap: LoadedBitmap): Promise<MaskParts['planes'][number] | undefined> {
  const frame = planeFrame(plane, picture.frame);
  if (frame === undefined) return undefined;
  if (plane.bit !== undefined) {
    const bits = bitmap.planes?.get(plane.bit);
    return bits && { plane: { ...plane, rows: bitmap.rows, columns: bitmap.columns, left: 0, top: 0 }, bits };
  }
  return plane.data && { plane, bits: unpackPlane(await overlayBytes(client, plane.data), plane, frame) };
}

/** Whether padding would be seen as something else than black. `nodes` are in stored values. */
export function paddingShows(picture: Picture, bitmap: LoadedBitmap, nodes: readonly { value: number; grey: number }[]): boolean {
  const { padding } = pictureInfo(picture);
  if (!padding || bitmap.samples === 3 || bitmap.min > padding.last || bitmap.max < padding.first) return false;
  return greyAt(nodes, padding.first) > 0 || greyAt(nodes, padding.last) > 0;
}

/** The mask as an image; pixels that are left open are transparent. */
export function drawMask(picture: Picture, bitmap: LoadedBitmap, parts: MaskParts | undefined, withPadding: boolean): ImageData {
  const { columns, rows, pixels } = bitmap.reduced && !parts ? drawable(bitmap) : bitmap;
  const image = new ImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  if (withPadding && pixels.length === words.length) padded(words, pixels, picture);
  if (parts?.palette && !bitmap.reduced) tinted(words, parts.palette, bitmap);
  if (parts?.shutter) shut(words, parts.shutter, bitmap);
  for (const { plane, bits } of parts?.planes ?? []) over(words, plane, bits, bitmap);
  return image;
}

function padded(words: Uint32Array, pixels: StoredPixels, picture: Picture): void {
  const { first, last } = pictureInfo(picture).padding ?? { first: 1, last: 0 };
  for (let i = 0; i < words.length; i += 1) {
    const value = pixels[i] as number;
    if (value >= first && value <= last) words[i] = BLACK;
  }
}

function tinted(words: Uint32Array, palette: Palette, { pixels }: LoadedBitmap): void {
  const rgb = rgbFromPalette(pixels, palette);
  for (let i = 0; i < words.length; i += 1) {
    if ((pixels[i] as number) < palette.first) continue;
    words[i] = (BLACK | ((rgb[i * 3 + 2] as number) << 16) | ((rgb[i * 3 + 1] as number) << 8) | (rgb[i * 3] as number)) >>> 0;
  }
}

function shut(words: Uint32Array, shutter: Shutter, { columns, rows }: LoadedBitmap): void {
  const shade = Math.round(shutter.grey * 255);
  const colour = (BLACK | (shade << 16) | (shade << 8) | shade) >>> 0;
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) if (isShut(shutter, x, y)) words[y * columns + x] = colour;
  }
}

function over(words: Uint32Array, plane: OverlayPlane, bits: Uint8Array, { columns, rows }: LoadedBitmap): void {
  for (let row = Math.max(0, -plane.top); row < plane.rows && row + plane.top < rows; row += 1) {
    for (let column = Math.max(0, -plane.left); column < plane.columns && column + plane.left < columns; column += 1) {
      if (bits[row * plane.columns + column]) words[(row + plane.top) * columns + column + plane.left] = OVERLAY;
    }
  }
}
