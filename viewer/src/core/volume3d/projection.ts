// How a maximum projection along the line of sight is asked for from the archive (/api/…/mpr). Pure.

import type { Vector } from '../geometry';
import { add } from '../plane';
import type { Camera } from './camera';
import type { TextureSpace } from './space';

export interface PictureSize {
  width: number;
  height: number;
}

/** The query of a picture in which everything lies where it would be drawn here; without a window the archive chooses one. */
export function projectionQuery({ centre, diagonal }: Pick<TextureSpace, 'centre' | 'diagonal'>, { right, up, zoom, pan }: Camera, { width, height }: PictureSize, window: { center: number; width: number } | undefined, instance: string): string {
  const spacing = diagonal / zoom / height;
  const middle = add(add(centre, right, pan[0]), up, pan[1]);
  const origin = add(add(middle, right, (-spacing * (width - 1)) / 2), up, (spacing * (height - 1)) / 2);
  const list = (vector: Vector): string => vector.join(',');
  const wanted = {
    type: 'png', through: true, origin: list(origin), right: list(right), down: list([-up[0], -up[1], -up[2]]), columns: width, rows: height, spacing,
    ...(window ? { window: `${window.center},${window.width},linear-exact` } : {}), ...(instance ? { instance } : {}),
  }; // prettier-ignore
  return Object.entries(wanted).map(([name, value]) => `${name}=${value}`).join('&');
}
