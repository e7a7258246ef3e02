// The seam between the viewer and whatever draws pictures. Nothing outside an adapter knows the rendering library.

import type { ImageShape, Size, View } from './view';
import type { Node } from './window';

export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array | Float32Array;

/** Fewer pixels, which cover the same place as all would. */
export interface Fewer {
  /** One of so many a side. */
  by: number;
  columns: number;
  rows: number;
}

/** Decoded pixels: one sample a pixel in stored values, or three (RGB, 8 bit). */
export interface Bitmap extends ImageShape {
  id: string;
  samples: 1 | 3;
  pixels: StoredPixels;
  /** Smallest and largest stored value. */
  min: number;
  max: number;
  /** These have come of its pixels, and more are on their way: it is for the eye only, and never kept. */
  reduced?: Fewer;
}

/** From stored values to grey or colour 0..1; ignored for three samples a pixel. Nodes rise in value. */
export interface ColourNode {
  value: number;
  red: number;
  green: number;
  blue: number;
}

export interface ViewportPort {
  readonly name: string;
  /** Shows these pixels from the next draw on. */
  show(bitmap: Bitmap): void;
  setView(view: View): void;
  setColours(nodes: readonly ColourNode[]): void;
  setSmooth(smooth: boolean): void;
  /** The pane's size in CSS pixels. */
  size(): Size;
  resize(): void;
  /** Draws what was set; several calls before the next screen refresh draw once. */
  draw(): void;
  /** Tells once when what it draws with is gone for good, and another port must take its place. */
  onLost?(tell: () => void): void;
  dispose(): void;
}

export const greyNodes = (nodes: readonly Node[]): ColourNode[] => nodes.map(({ value, grey }) => ({ value, red: grey, green: grey, blue: grey }));

/** How bright colours are, for what asks whether something is black. */
export const brightness = (nodes: readonly ColourNode[]): Node[] => nodes.map(({ value, red, green, blue }) => ({ value, grey: Math.max(red, green, blue) }));
