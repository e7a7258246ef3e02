// The graphics and texts of an applied presentation state over the picture.

import type { JSX } from 'react';
import { layOutState, STATE_LINE } from '../../viewport/lay-out-state';
import type { PaneState } from '../../viewport/stack-controller';
import { t } from '../../core/language';
import { useSaid } from './use-said';

export function StateLayer({ state }: { state: PaneState }): JSX.Element | null {
  const said = useSaid();
  const laid = layOutState(state);
  if (!laid) return null;
  const lines = laid.shapes.map(({ points, filled }) => ({ filled, path: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ') }));
  return (
    <svg className="state-layer" data-testid="presentation" role="img" aria-label={t('Presentation state {name}', { name: state.presentation?.label ?? '' })}>
      {lines.map(({ path }, index) => (
        <polyline key={index} points={path} className="state-halo" />
      ))}
      {lines.map(({ path, filled }, index) => (
        <polyline key={index} points={path} className="state-line" data-filled={filled} />
      ))}
      {laid.texts.map(({ at, lines: written }, index) => (
        <text key={index} className="state-text">
          {written.map((line, row) => (
            <tspan key={row} x={at[0]} y={at[1] + 13 + row * STATE_LINE}>
              {said(line, state.set?.pictures[state.shown]?.instance.dataSet)}
            </tspan>
          ))}
        </text>
      ))}
    </svg>
  );
}
