// The picture of a volume in three dimensions as it is on screen, with its cube and its text.

import { facesOf } from '../../core/volume3d/cube';
import type { Camera } from '../../core/volume3d/camera';
import type { Volume3dSession } from '../volume3d/session';
import { volumeWritten } from '../volume3d/written';
import { stroke, write } from './ink';

/** Half the height of the cube's picture on screen, in CSS pixels, and its distance from the corner. */
const CUBE = 44;

/** Returns nothing while the volume is still being drawn. */
export function volumePicture(session: Volume3dSession, withText: boolean): HTMLCanvasElement | undefined {
  const shown = session.canvas();
  if (!shown) return undefined;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: shown.width, height: shown.height });
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return undefined;
  context.drawImage(shown, 0, 0);
  const ratio = shown.width / Math.max(1, shown.clientWidth);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const [width, height] = [shown.width / ratio, shown.height / ratio];
  paintCube(context, session.state().camera, width - 20 - CUBE, height - 20 - CUBE);
  const { patient, notes, mode, series } = volumeWritten(session, session.state());
  const below = [...notes, mode, ...(withText ? [series] : [])];
  below.forEach((line, index) => write(context, line, [14, height - 14 - (below.length - 1 - index) * 17], 12, 'left', index < notes.length ? '#ffd591' : undefined));
  if (withText) patient.forEach((line, index) => write(context, line, [14, 24 + index * 17], 12));
  return canvas;
}

function paintCube(context: CanvasRenderingContext2D, camera: Camera, x: number, y: number): void {
  const scale = CUBE / 1.9;
  for (const { side, corners, centre, facing } of facesOf(camera)) {
    const points = corners.map(([right, down]) => [x + right * scale, y + down * scale] as const);
    context.beginPath();
    points.forEach(([px, py], index) => (index === 0 ? context.moveTo(px, py) : context.lineTo(px, py)));
    context.fillStyle = 'rgb(28 34 44 / 85%)';
    context.fill();
    stroke(context, [...points, points[0] as (typeof points)[number]], { colour: '#5b6675', width: 1 });
    if (facing > 0.25) write(context, side, [x + centre[0] * scale, y + centre[1] * scale + 5], 14, 'center');
  }
}
