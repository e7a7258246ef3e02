// Chooses what draws: Cornerstone3D where the graphics processor can, the plain canvas where it would be emulated.

import type { ViewportPort } from '../core/viewport-port';

export type Renderer = 'automatic' | 'cornerstone' | 'canvas';

const KEY = 'isocenter.renderer';

/** What the user has set, by address (?renderer=…) or for good in local storage. */
export function rendererWanted(): Renderer {
  const asked = new URLSearchParams(location.search).get('renderer') ?? localStorage.getItem(KEY);
  return asked === 'cornerstone' || asked === 'canvas' ? asked : 'automatic';
}

/** Whether WebGL is there and runs on a graphics processor, without loading the rendering library. */
export function hasGraphicsProcessor(): boolean {
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
  if (wanted !== 'canvas' && pane < MOST_ACCELERATED && (wanted === 'cornerstone' || hasGraphicsProcessor())) {
    const { createCornerstoneViewport, startCornerstone } = await import('./cornerstone/adapter');
    if (startCornerstone()) return createCornerstoneViewport(element);
  }
  const { createCanvasViewport } = await import('./canvas/adapter');
  return createCanvasViewport(element);
}
