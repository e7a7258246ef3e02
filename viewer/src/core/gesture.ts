// What pointers and wheel mean on a pane (mouse, touch), as intents. Pure: the DOM part only feeds it.

import type { MeasureKind } from './measure/types';
import type { Point } from './view';

export type DragMeaning = 'window' | 'scroll' | 'zoom' | 'pan' | 'rotate';
export type PaintTool = 'brush' | 'eraser' | 'threshold' | 'grow';
export type Tool = DragMeaning | 'crosshair' | 'curve' | 'shift' | MeasureKind | PaintTool;

const DRAGS: readonly string[] = ['window', 'scroll', 'zoom', 'pan', 'rotate'];
/** Whether dragging with the tool changes how the picture is shown; other tools put something on it. */
export const isDrag = (tool: Tool): tool is DragMeaning => DRAGS.includes(tool);
export const isMeasure = (tool: Tool): tool is MeasureKind => !isDrag(tool) && tool !== 'crosshair' && tool !== 'curve' && tool !== 'shift' && !isPaint(tool);
export const PAINTS = ['brush', 'eraser', 'threshold', 'grow'] as const satisfies readonly PaintTool[];
export const isPaint = (tool: Tool): tool is PaintTool => (PAINTS as readonly string[]).includes(tool);

/** What a user wants of mouse and fingers. */
export interface PointerChoice {
  /** `radiant`: the left button scrolls unless another tool is chosen, the middle one windows. */
  mouse: 'isocenter' | 'radiant';
  /** The wheel goes through the stack the other way. */
  wheelInverted: boolean;
  /** A drag up darkens. */
  levelInverted: boolean;
}

export const USUAL_POINTER: PointerChoice = { mouse: 'isocenter', wheelInverted: false, levelInverted: false };

/** The tool that a study opens with. */
export const firstTool = ({ mouse }: PointerChoice, phone: boolean): Tool => (phone || mouse === 'radiant' ? 'scroll' : 'window');

/** Reads a choice from JSON that anybody may have written. */
export function readPointer(json: string | null): PointerChoice {
  let found: unknown;
  try {
    found = JSON.parse(json ?? 'null');
  } catch {
    return USUAL_POINTER;
  }
  const { mouse, wheelInverted, levelInverted } = (typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>;
  return { mouse: mouse === 'radiant' ? mouse : 'isocenter', wheelInverted: wheelInverted === true, levelInverted: levelInverted === true };
}

/** The meaning of a mouse drag: 0 left, 1 middle, 2 right. */
export function mouseDrag(button: number, tool: Tool, ctrl: boolean, shift: boolean, mouse: PointerChoice['mouse'] = 'isocenter'): DragMeaning | undefined {
  if (button === 1) return mouse === 'radiant' ? 'window' : 'pan';
  if (button === 2) return 'zoom';
  if (ctrl) return 'zoom';
  if (shift) return 'pan';
  return isDrag(tool) ? tool : undefined;
}

/** Images to move for a wheel event; fractions are kept by the caller until they make a whole step. */
export function wheelSteps(deltaY: number, mode: number, shift: boolean): number {
  const notch = mode === 0 ? 100 : mode === 1 ? 3 : 1;
  const steps = Math.abs(deltaY) >= notch * 0.8 ? Math.sign(deltaY) * Math.max(1, Math.round(Math.abs(deltaY) / notch / 4)) : deltaY / notch;
  return shift ? steps * 10 : steps;
}

/** Zoom factor for a vertical drag in CSS pixels: down enlarges. */
export const dragZoom = (dy: number): number => Math.exp(dy * 0.008);

/** Degrees clockwise about `centre` between two places of the pointer. */
export const dragTurn = (from: Point, to: Point, centre: Point): number => {
  const angle = ([x, y]: Point): number => Math.atan2(y - centre[1], x - centre[0]);
  return (((((angle(to) - angle(from)) * 180) / Math.PI + 540) % 360) - 180);
};

/** CSS pixels of drag for one image, so that a whole pane height runs through about the whole stack. */
export const pixelsPerImage = (paneHeight: number, images: number): number => Math.min(24, Math.max(2, (paneHeight * 0.8) / Math.max(1, images)));
