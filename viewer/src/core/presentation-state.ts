// Softcopy presentation states (PS3.3 A.33, C.10.4 to C.10.7, C.11.6, C.11.8): how somebody wanted images to be seen. Pure.

import { items, number, numbers, text, type DataSet } from './dicom-json';
import { t } from './language';
import { linesOf } from './measure/reported';
import { pictureInfo } from './picture-info';
import type { DisplaySet, Instance, Picture } from './stack';
import type { Keyword } from './tags';
import { FIT, flippedHorizontally, imageSize, scaleOf, type ImageShape, type Point, type Pose, type Size, type View } from './view';
import { readTable, tableNodes, windowNodes, windowsOf, type Node, type WindowChoice } from './window';

export interface PresentationState {
  id: string;
  label: string;
  dataSet: DataSet;
  /** Its images, each with the frames it is for; none: all. */
  images: ReadonlyMap<string, readonly number[]>;
}

/** Grey scale, colour, and XA/XRF grey scale. */
const CLASSES = new Set(['1', '2', '5'].map((kind) => `1.2.840.10008.5.1.4.1.1.11.${kind}`));
const known = new WeakMap<Instance, PresentationState>();

export const isState = ({ SOPClassUID }: Instance): boolean => CLASSES.has(SOPClassUID);

function readState(instance: Instance): PresentationState {
  const cached = known.get(instance);
  if (cached) return cached;
  const { dataSet, SOPInstanceUID } = instance;
  const references = items(dataSet, 'ReferencedSeriesSequence').flatMap((series) => items(series, 'ReferencedImageSequence'));
  const images = new Map(references.map((image) => [text(image, 'ReferencedSOPInstanceUID'), numbers(image, 'ReferencedFrameNumber')]));
  const label = text(dataSet, 'ContentDescription') || text(dataSet, 'ContentLabel') || t('Presentation state');
  const state = { id: SOPInstanceUID, label, dataSet, images };
  known.set(instance, state);
  return state;
}

export function isFor(state: PresentationState, { instance, frame }: Picture): boolean {
  const frames = state.images.get(instance.SOPInstanceUID);
  return frames !== undefined && (frames.length === 0 || frames.includes(frame));
}

interface Series {
  sets: DisplaySet[] | undefined;
}

/** The series with the presentation states of their images; those that nothing changes for stay the same objects. */
export function withStates<T extends Series>(series: T[]): T[] {
  const states = series.flatMap(({ sets }) => sets ?? []).flatMap(({ instances }) => instances.filter(isState)).map(readState);
  if (states.length === 0) return series;
  return series.map((one) => {
    const sets = one.sets?.map((set) => attached(set, states));
    return sets?.some((set, index) => set !== one.sets?.[index]) ? { ...one, sets } : one;
  });
}

function attached(set: DisplaySet, states: readonly PresentationState[]): DisplaySet {
  const own = states.filter(({ images }) => set.pictures.length > 0 && set.instances.some(({ SOPInstanceUID }) => images.has(SOPInstanceUID)));
  const before = set.states ?? [];
  return own.length === before.length && own.every((state, index) => state === before[index]) ? set : { ...set, states: own };
}

/** The items of a sequence that are meant for a picture. */
function meant({ dataSet }: PresentationState, keyword: Keyword, { instance, frame }: Picture): DataSet[] {
  return items(dataSet, keyword).filter((item) => {
    const images = items(item, 'ReferencedImageSequence');
    const names = (image: DataSet): boolean => {
      const frames = numbers(image, 'ReferencedFrameNumber');
      return text(image, 'ReferencedSOPInstanceUID') === instance.SOPInstanceUID && (frames.length === 0 || frames.includes(frame));
    };
    return images.length === 0 || images.some(names);
  });
}

/** Everything in it that may hold tables, for who fetches them. */
export const tableHolders = ({ dataSet }: PresentationState): DataSet[] => [dataSet, ...items(dataSet, 'SoftcopyVOILUTSequence')];

export const stateChoice = (state: PresentationState): string => `state-${state.id}`;

/** The window or table of a state for a picture, in the values of the picture; undefined where it has none. */
export function stateWindow(state: PresentationState, picture: Picture): WindowChoice | undefined {
  const [voi] = meant(state, 'SoftcopyVOILUTSequence', picture);
  const [own] = voi ? windowsOf(voi) : [];
  const [lut] = items(state.dataSet, 'PresentationLUTSequence');
  const base = own ?? (lut ? pictureInfo(picture).windows[0] : undefined);
  if (!base) return undefined;
  const shades = base.table ? tableNodes(base.table) : base.window ? windowNodes(base.window) : [];
  const nodes = rescaled(lut ? throughLut(shades, lut) : shades, state, picture);
  const plain = !lut && !base.table && nodes[0]?.value === shades[0]?.value;
  return { id: stateChoice(state), label: state.label, ...(plain && base.window ? { window: base.window } : { nodes }) };
}

/** From values after the state's own rescale to those of the picture. */
function rescaled(nodes: readonly Node[], { dataSet }: PresentationState, picture: Picture): Node[] {
  const { transform } = pictureInfo(picture);
  const slope = number(dataSet, 'RescaleSlope');
  if (!slope || transform.table) return [...nodes];
  const intercept = number(dataSet, 'RescaleIntercept') ?? 0;
  return nodes.map(({ value, grey }) => ({ value: ((value - intercept) / slope) * transform.slope + transform.intercept, grey }));
}

/** A presentation LUT maps the whole range of what comes before it (C.11.4). */
function throughLut(nodes: readonly Node[], item: DataSet): Node[] {
  const table = readTable(item);
  const [first, last] = [nodes[0], nodes.at(-1)];
  if (!table || !first || !last) return [...nodes];
  const { entries, bits } = table;
  const at = (grey: number): number => (entries[Math.round(grey * (entries.length - 1))] ?? 0) / (2 ** bits - 1);
  const steps = 1024;
  let next = 1;
  return Array.from({ length: steps + 1 }, (_, index) => {
    const value = first.value + ((last.value - first.value) * index) / steps;
    while (next < nodes.length - 1 && (nodes[next] as Node).value < value) next += 1;
    const [low, high] = [nodes[next - 1] as Node, nodes[next] ?? last];
    const share = high.value > low.value ? Math.min(1, Math.max(0, (value - low.value) / (high.value - low.value))) : 1;
    return { value, grey: at(low.grey + (high.grey - low.grey) * share) };
  });
}

/** Whether the user's "inverted" has to be on: the state's shape stands for itself, whatever the photometric interpretation. */
export const stateInverts = ({ dataSet }: PresentationState, picture: Picture): boolean =>
  text(dataSet, 'PresentationLUTShape').includes('INVERSE') !== pictureInfo(picture).lowIsBright;

/** Turned clockwise, then flipped left to right (C.10.6). */
export function statePose({ dataSet }: PresentationState): Pose {
  const turns = ((((number(dataSet, 'ImageRotation') ?? 0) / 90) % 4) + 4) % 4;
  const turned: View = { ...FIT, turns: Math.round(turns) as Pose['turns'] };
  const { mirrored, turns: now } = text(dataSet, 'ImageHorizontalFlip') === 'Y' ? flippedHorizontally(turned) : turned;
  return { mirrored, turns: now };
}

interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The displayed area in pixels, edges from 0 (C.10.4); undefined: all of the picture. */
function stateArea(state: PresentationState, picture: Picture): Area | undefined {
  const [item] = meant(state, 'DisplayedAreaSelectionSequence', picture);
  const [x0, y0] = numbers(item, 'DisplayedAreaTopLeftHandCorner');
  const [x1, y1] = numbers(item, 'DisplayedAreaBottomRightHandCorner');
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return undefined;
  return { left: Math.min(x0, x1) - 1, right: Math.max(x0, x1), top: Math.min(y0, y1) - 1, bottom: Math.max(y0, y1) };
}

/** The view that shows the displayed area as large as the pane allows, turned as the state says. */
export function stateView(state: PresentationState, picture: Picture, shape: ImageShape, pane: Size): View {
  const view: View = { ...FIT, ...statePose(state) };
  const area = stateArea(state, picture);
  if (!area) return view;
  const { width, height } = imageSize(shape);
  const part = { ...shape, columns: area.right - area.left, rows: area.bottom - area.top };
  const [item] = meant(state, 'DisplayedAreaSelectionSequence', picture);
  const ratio = text(item, 'PresentationSizeMode') === 'MAGNIFY' ? number(item, 'PresentationPixelMagnificationRatio') : undefined;
  const whole = scaleOf(view, shape, pane);
  return {
    ...view,
    zoom: (ratio ?? scaleOf(view, part, pane)) / whole,
    x: ((area.left + area.right) / 2) * shape.pixelWidth - width / 2,
    y: ((area.top + area.bottom) / 2) * shape.pixelHeight - height / 2,
  };
}

/** Lines and texts in one unit: pixels (the middle of the first is 0, 0), or parts of the displayed area. */
export interface StateGraphic {
  display: boolean;
  lines: Point[][];
  filled: boolean;
}

export interface StateText {
  display: boolean;
  lines: string[];
  /** Opposite corners of its box, or the anchor alone. */
  corners: Point[];
  /** Where a line leads to, if it is to be seen. */
  anchor: { at: Point; display: boolean } | undefined;
}

/** Where the displayed area lies, for what is given in parts of it. */
export const displayedArea = (state: PresentationState, picture: Picture, shape: ImageShape): Area =>
  stateArea(state, picture) ?? { left: 0, top: 0, right: shape.columns, bottom: shape.rows };

const inUnits = (display: boolean, [x = 0, y = 0]: readonly number[]): Point => (display ? [x, y] : [x - 0.5, y - 0.5]);

export function stateGraphics(state: PresentationState, picture: Picture): { graphics: StateGraphic[]; texts: StateText[] } {
  const all = meant(state, 'GraphicAnnotationSequence', picture);
  return { graphics: all.flatMap((item) => items(item, 'GraphicObjectSequence').map(graphicOf)), texts: all.flatMap((item) => items(item, 'TextObjectSequence').flatMap(textOf)) };
}

function graphicOf(item: DataSet): StateGraphic {
  const display = text(item, 'GraphicAnnotationUnits') === 'DISPLAY';
  const data = numbers(item, 'GraphicData');
  const points = Array.from({ length: data.length >> 1 }, (_, index) => inUnits(display, data.slice(index * 2, index * 2 + 2)));
  return { display, lines: linesOf(text(item, 'GraphicType'), points), filled: text(item, 'GraphicFilled') === 'Y' };
}

function textOf(item: DataSet): StateText[] {
  const lines = text(item, 'UnformattedTextValue').split(/\r\n|\r|\n/);
  const corners = [numbers(item, 'BoundingBoxTopLeftHandCorner'), numbers(item, 'BoundingBoxBottomRightHandCorner')].filter(({ length }) => length === 2);
  const anchor = numbers(item, 'AnchorPoint');
  const anchored = text(item, 'AnchorPointAnnotationUnits') === 'DISPLAY';
  if (corners.length === 0 && anchor.length !== 2) return [];
  const display = corners.length > 0 ? text(item, 'BoundingBoxAnnotationUnits') === 'DISPLAY' : anchored;
  const placed = (corners.length > 0 ? corners : [anchor]).map((corner) => inUnits(display, corner));
  const leads = anchor.length === 2 && corners.length > 0 && text(item, 'AnchorPointVisibility') === 'Y';
  return [{ display, lines, corners: placed, anchor: leads ? { at: inUnits(anchored, anchor), display: anchored } : undefined }];
}
