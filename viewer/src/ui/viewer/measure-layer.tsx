// The measurements of a pane as lines and text over the picture. Takes no pointer events: gestures reach the session.

import type { CSSProperties, JSX } from 'react';
import { t } from '../../core/language';
import { LINE_HEIGHT, nearestOfBox } from '../../core/measure/label';
import { nearestPoint } from '../../core/measure/outline';
import type { Point } from '../../core/view';
import type { Laid, MeasureSession } from '../../viewport/measure/session';
import type { MeasuredState } from '../../viewport/measure/shown';
import { useStateOf } from './use-signal';

const path = (points: readonly Point[]): string => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');

export function MeasureLayer({ session, pane }: { session: MeasureSession; pane: MeasuredState }): JSX.Element {
  const { selected } = useStateOf(session);
  return (
    <svg className="measure-layer" data-testid="measurements" aria-label={t('Measurements')} role="img">
      {session.laid(pane).map((laid) => (
        <One key={`${laid.item.id} ${laid.part ?? 0}`} laid={laid} selected={laid.item.id === selected} />
      ))}
    </svg>
  );
}

function One({ laid: { item, handles, anchors, chains, lines, label }, selected }: { laid: Laid; selected: boolean }): JSX.Element {
  const target = nearestPoint(anchors, [label.x + label.width / 2, label.y + label.height / 2]);
  const from = target && nearestOfBox(label, target);
  return (
    <g className="measurement" data-kind={item.kind} data-selected={selected} style={item.colour ? ({ '--measure': item.colour } as CSSProperties) : undefined}>
      {[true, false].map((under) =>
        chains.map(({ points, helper }, index) => <polyline key={`${index}-${under}`} points={path(points)} className={under ? 'measure-halo' : 'measure-line'} data-helper={helper} />),
      )}
      {handles.map(([x, y], index) => (
        <circle key={index} cx={x} cy={y} r={selected ? 4.5 : 3} className="measure-handle" />
      ))}
      {item.kind === 'probe' && handles[0] ? <Cross at={handles[0]} /> : null}
      {lines.length > 0 ? (
        <>
          {target && from ? <line x1={target[0]} y1={target[1]} x2={from[0]} y2={from[1]} className="measure-leader" /> : null}
          <rect x={label.x} y={label.y} width={label.width} height={label.height} rx="4" className="measure-box" />
          <text className="measure-text">
            {lines.map((line, index) => (
              <tspan key={index} x={label.x + 6} y={label.y + 14 + index * LINE_HEIGHT}>
                {line}
              </tspan>
            ))}
          </text>
        </>
      ) : null}
    </g>
  );
}

function Cross({ at: [x, y] }: { at: Point }): JSX.Element {
  return <path className="measure-line" d={`M${x - 9} ${y}h6m6 0h6M${x} ${y - 9}v6m0 6v6`} />;
}
