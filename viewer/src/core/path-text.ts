// What stands for the number of a picture along a drawn path. Pure.

import { fixed, t } from './language';
import type { PathPlace } from './stack';

export function pathText(place: PathPlace): string {
  return place.kind === 'straightened' ? t('Turned {angle}°', { angle: place.angle }) : t('{at} of {length} mm', { at: fixed(place.at, 1), length: fixed(place.length, 1) });
}
