// Chooses what draws: the plain canvas at once, for it is there when the first picture is, and Cornerstone3D in its place
// as soon as that has come, where a graphics processor would run it.

import type { ViewportPort } from '../core/viewport-port';
import { createCanvasViewport } from './canvas/adapter';

export type Renderer = 'automatic' | 'cornerstone' | 'canvas';

const KEY = 'isocenter.renderer';

/** What the user has set, by address (?renderer=…) or for good in local storage. */
export function rendererWanted(): Renderer {
  const asked = new URLSearchParams(location.search).get('renderer') ?? localStorage.getItem(KEY);
  return asked === 'cornerstone' || asked === 'canvas' ? asked : 'automatic';
}

let accelerates: boolean | undefined;

/** Whether WebGL is there and runs on a graphics processor. Asked once: making a context takes some hundred milliseconds. */
export function hasGraphicsProcessor(): boolean {
  return (accelerates ??= drawsOnHardware());
}

function drawsOnHardware(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return false;
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const name = String(info ? context.getParameter(info.UNMASKED_RENDERER_WEBGL) : context.getParameter(context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** Browsers keep some sixteen WebGL contexts; panes beyond a few are drawn on plain canvases. */
const MOST_ACCELERATED = 4;

export async function createViewport(element: HTMLDivElement, wanted: Renderer, pane = 0): Promise<ViewportPort> {
  const asked = wanted === 'cornerstone' && pane < MOST_ACCELERATED ? await accelerated(element) : undefined;
  return asked ?? createCanvasViewport(element);
}

/** What draws better than the canvas that is there, where something does. Its code is megabytes: not before the first picture. */
export async function betterViewport(element: HTMLDivElement, wanted: Renderer, pane: number): Promise<ViewportPort | undefined> {
  if (wanted !== 'automatic' || pane >= MOST_ACCELERATED || !hasGraphicsProcessor()) return undefined;
  return accelerated(element);
}

async function accelerated(element: HTMLDivElement): Promise<ViewportPort | undefined> {
  const { createCornerstoneViewport, startCornerstone } = await import('./cornerstone/adapter');
  return startCornerstone() ? createCornerstoneViewport(element) : undefined;
}
