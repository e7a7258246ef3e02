// How many panes: a grid to drag or step over with the arrow keys. A pointer that only rests over it chooses nothing.

import { useState, type JSX, type KeyboardEvent } from 'react';
import { MOST_COLUMNS, MOST_ROWS } from '../../viewport/workspace';
import { t } from '../../core/language';

interface Props {
  rows: number;
  columns: number;
  onChoose(rows: number, columns: number): void;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

export function LayoutPicker({ rows, columns, onChoose }: Props): JSX.Element {
  const [over, setOver] = useState({ rows, columns });
  const onKey = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (event.key === 'Enter' || event.key === ' ') onChoose(over.rows, over.columns);
    else if (step) setOver({ rows: Math.min(MOST_ROWS, Math.max(1, over.rows + step[0])), columns: Math.min(MOST_COLUMNS, Math.max(1, over.columns + step[1])) });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="layout-picker" role="group" tabIndex={0} aria-label={t('Layout {rows} by {columns}; arrow keys, then Enter', { rows: over.rows, columns: over.columns })} onKeyDown={onKey}>
      <div className="layout-grid" onPointerUp={() => onChoose(over.rows, over.columns)}>
        {Array.from({ length: MOST_ROWS * MOST_COLUMNS }, (_, index) => {
          const place = { rows: Math.floor(index / MOST_COLUMNS) + 1, columns: (index % MOST_COLUMNS) + 1 };
          const on = place.rows <= over.rows && place.columns <= over.columns;
          return <span key={index} className="layout-cell" data-on={on} data-place={`${place.rows}x${place.columns}`} onPointerMove={() => setOver(place)} onPointerDown={() => setOver(place)} />;
        })}
      </div>
      <div className="layout-name">
        {over.rows} × {over.columns}
      </div>
    </div>
  );
}
