// The value of one pixel.

import { formatValue } from '../modality';
import type { Point } from '../view';
import { moveOne, type ToolDefinition } from './types';
import { t } from '../language';

export const probeTool: ToolDefinition = {
  kind: 'probe',
  title: 'Probe',
  clicks: 1,
  move: moveOne,
  shapes: ([at]) => (at ? [{ kind: 'cross', at }] : []),
  texts: (points, { values }) => {
    const [x, y] = (points[0] as Point).map(Math.round) as [number, number];
    const value = values.at(x, y);
    return [value === undefined ? t('no value') : `${formatValue(value)}${values.unit ? ` ${values.unit}` : ''}`, `(${x}, ${y})`];
  },
  values: (points, { values }) => {
    const [x, y] = (points[0] as Point).map(Math.round) as [number, number];
    const value = values.at(x, y);
    return value === undefined ? [] : [{ quantity: 'value', value, unit: values.unit }];
  },
};
