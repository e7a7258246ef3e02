// How grey images are shown: which window holds, and the nodes from stored values to grey for the drawing. Pure.

import { coloured, type ColourMapId } from './colour-maps';
import { number, text } from './dicom-json';
import { toModality, type ModalityTransform } from './modality';
import { pictureInfo } from './picture-info';
import { isFor, stateWindow, type PresentationState } from './presentation-state';
import { presetsFor, SUV_PRESETS } from './presets';
import type { Picture } from './stack';
import { chosenSuv, type SuvChoice } from './suv';
import type { Bitmap, ColourNode } from './viewport-port';
import { dragStep, inverted, percentiles, tableNodes, windowFromLimits, windowNodes, type Node, type Window, type WindowChoice } from './window';
import { t } from './language';

/** The user's choice for a display set; `custom` came from dragging. */
export interface GreySetting {
  choice: string;
  custom?: Window | undefined;
  inverted: boolean;
  /** Shown in colours instead of grey. */
  map?: ColourMapId | undefined;
  /** What a PET is read in; by body weight unless said. */
  suv?: SuvChoice | undefined;
  /** What "automatic" came to on the first picture, so that the grey does not flicker while scrolling. */
  automatic?: Window | undefined;
}

export const DEFAULT_CHOICE = 'default';
export const FULL_RANGE = 'full-range';

const finite = (window: Window): boolean => Number.isFinite(window.center) && Number.isFinite(window.width);

/** The widest window: smallest to largest value in this picture. */
export function fullRange(bitmap: Bitmap, transform: ModalityTransform): Window {
  const ends = [toModality(bitmap.min, transform), toModality(bitmap.max, transform)];
  if (transform.table) {
    const { entries } = transform.table;
    const used = entries.subarray(Math.max(0, bitmap.min - transform.table.first), Math.max(1, bitmap.max - transform.table.first + 1));
    ends.splice(0, 2, Math.min(...sampled(used)), Math.max(...sampled(used)));
  }
  return limitsWindow(Math.min(...ends), Math.max(...ends));
}

function sampled(values: Uint16Array): number[] {
  const stride = Math.max(1, Math.floor(values.length / 4096));
  const out: number[] = [];
  for (let i = 0; i < values.length; i += stride) out.push(values[i] as number);
  return out.length > 0 ? out : [0];
}

function limitsWindow(low: number, high: number): Window {
  if (high - low < 4 || !Number.isInteger(low) || !Number.isInteger(high)) {
    const width = high > low ? high - low : 1;
    return { center: (low + high) / 2, width, function: 'LINEAR_EXACT' };
  }
  return windowFromLimits(low, high);
}

/** From so many values on every second, third … is looked at. */
const SAMPLES = 300_000;

/**
 * A window for images that bring none, as the archive's own pictures have it: small values as they are, counts from nothing to the
 * most (PT to SUV 5, where known), all else between the 1st and 99th percentile without padding.
 */
export function automaticWindow(picture: Picture, bitmap: Bitmap, choice?: SuvChoice): Window {
  const { transform, padding } = pictureInfo(picture);
  const { dataSet } = picture.instance;
  const suv = chosenSuv(transform.suv?.factors, choice)?.factor;
  if (suv !== undefined) return { center: 2.5 / suv, width: 5 / suv, function: 'LINEAR_EXACT' };
  const counts = ['NM', 'PT'].includes(text(dataSet, 'Modality'));
  const bits = number(dataSet, 'BitsStored') ?? 16;
  const plain = !transform.table && transform.slope === 1 && transform.intercept === 0 && number(dataSet, 'PixelRepresentation') !== 1;
  if (!counts && plain && bits <= 8) return limitsWindow(0, 2 ** bits - 1);
  const [low, high] = percentiles(bitmap.pixels, 0.01, 0.99, SAMPLES, padding && ((value) => value >= padding.first && value <= padding.last));
  const ends = counts ? [toModality(0, transform), toModality(bitmap.max, transform)] : [toModality(low, transform), toModality(high, transform)];
  const window = limitsWindow(Math.min(...ends), Math.max(...ends));
  return finite(window) && high > low ? window : fullRange(bitmap, transform);
}

/** All the user may choose from, in order: those of presentation states, the file's own, automatic, full range, presets of the modality. */
export function windowChoices(picture: Picture, modality: string, choice?: SuvChoice, states: readonly PresentationState[] = []): WindowChoice[] {
  const { windows, transform, colour } = pictureInfo(picture);
  if (colour) return [];
  const suv = chosenSuv(transform.suv?.factors, choice)?.factor;
  const scaled = suv === undefined ? [] : SUV_PRESETS.map((p) => ({ ...p, window: { ...p.window, center: p.window.center / suv, width: p.window.width / suv } }));
  const ofStates = states.filter((state) => isFor(state, picture)).flatMap((state) => stateWindow(state, picture) ?? []);
  return [...ofStates, ...windows, { id: 'automatic', label: t('Automatic') }, { id: FULL_RANGE, label: t('Full range') }, ...presetsFor(modality).map((preset) => ({ ...preset, label: t(preset.label) })), ...scaled];
}

export interface Shown {
  /** The window in force, for the corner text; undefined where a table is used or in colour. */
  window?: Window;
  label: string;
  nodes: Node[];
}

/** What holds for this picture under this setting. The default is the file's first window, else automatic. */
export function shownGrey(picture: Picture, bitmap: Bitmap, modality: string, setting: GreySetting, states: readonly PresentationState[] = []): Shown {
  if (setting.custom) return { window: setting.custom, label: t('Custom'), nodes: windowNodes(setting.custom) };
  const choices = windowChoices(picture, modality, setting.suv, states);
  const { windows, transform } = pictureInfo(picture);
  const wanted = setting.choice === DEFAULT_CHOICE ? windows[0] : choices.find(({ id }) => id === setting.choice);
  if (wanted?.nodes) return { label: wanted.label, nodes: wanted.nodes };
  const choice = wanted ?? (setting.choice.startsWith('state-') ? windows[0] : undefined) ?? { id: 'automatic', label: t('Automatic') };
  if (choice.table) return { label: choice.label, nodes: tableNodes(choice.table) };
  const window = choice.window ?? (choice.id === FULL_RANGE ? fullRange(bitmap, transform) : (setting.automatic ?? automaticWindow(picture, bitmap, setting.suv)));
  return { window, label: choice.label, nodes: windowNodes(window) };
}

const shaded = (nodes: readonly Node[], flip: boolean): readonly Node[] => (flip ? inverted(nodes) : nodes);

/** The nodes in stored values, ready to draw: through slope and intercept or the modality table, inverted where due, in colours where chosen. */
export function storedNodes(shown: readonly Node[], picture: Picture, bitmap: Bitmap, { inverted: invert, map }: Pick<GreySetting, 'inverted' | 'map'>): ColourNode[] {
  const { transform, lowIsBright } = pictureInfo(picture);
  const shades = shaded(shown, lowIsBright !== invert);
  if (transform.table) return coloured(throughTable(shades, transform, bitmap), map);
  const nodes = coloured(shades, map).map((node) => ({ ...node, value: (node.value - transform.intercept) / transform.slope }));
  return transform.slope < 0 ? nodes.reverse() : nodes;
}

export interface ColourScale {
  /** In modality values, or SUV where it is known; colours rise with them. */
  nodes: ColourNode[];
  unit: string;
}

/** What the colours on screen mean; undefined in grey. */
export function colourScale(shown: readonly Node[], picture: Picture, { inverted: invert, map, suv: choice }: GreySetting): ColourScale | undefined {
  if (!map) return undefined;
  const { transform, lowIsBright } = pictureInfo(picture);
  const suv = chosenSuv(transform.suv?.factors, choice);
  const nodes = coloured(shaded(shown, lowIsBright !== invert), map).map((node) => ({ ...node, value: node.value * (suv?.factor ?? 1) }));
  return { nodes, unit: suv?.label ?? transform.unit };
}

function throughTable(shown: readonly Node[], transform: ModalityTransform, bitmap: Bitmap): Node[] {
  const range = Math.max(1, bitmap.max - bitmap.min);
  const steps = Math.min(1024, range);
  return Array.from({ length: steps + 1 }, (_, index) => {
    const value = bitmap.min + Math.round((range * index) / steps);
    return { value, grey: greyAt(shown, toModality(value, transform)) };
  });
}

/** Grey of a value on the nodes, linear between them. */
export function greyAt(nodes: readonly Node[], value: number): number {
  const after = nodes.findIndex((node) => node.value >= value);
  if (after === 0) return nodes[0]?.grey ?? 0;
  const [low, high] = [nodes[after - 1], nodes[after]];
  if (after < 0 || !low || !high) return nodes.at(-1)?.grey ?? 1;
  return low.grey + ((high.grey - low.grey) * (value - low.value)) / (high.value - low.value);
}

/** Modality values per CSS pixel when dragging the window. */
export function stepFor(bitmap: Bitmap, transform: ModalityTransform): number {
  const range = fullRange(bitmap, transform).width;
  return dragStep(range);
}

/** PT shown dark on light unless the user says otherwise. */
export const startsInverted = (modality: string): boolean => modality === 'PT';
