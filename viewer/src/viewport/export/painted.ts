// What a pane shows that is no stack of pictures but painted: an ECG's paper, a slide.

const PAINTED = '.waveform-sheet > canvas, .slide-surface > canvas';

/** The pane with this number, as it is on the page. */
export const paneElement = (index: number): Element | undefined => document.querySelectorAll('.pane')[index];

/** A copy as it is on screen, on white; undefined where the pane shows nothing of the kind. */
export function paintedPicture(index: number): HTMLCanvasElement | undefined {
  const shown = paneElement(index)?.querySelector<HTMLCanvasElement>(PAINTED);
  if (!shown) return undefined;
  const canvas = Object.assign(document.createElement('canvas'), { width: shown.width, height: shown.height });
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return undefined;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(shown, 0, 0);
  return canvas;
}
