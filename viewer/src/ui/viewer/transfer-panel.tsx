// Beside a volume in three dimensions: its transfer function over the histogram of its values, to be changed by mouse or keys.

import { Plus, Trash2, X } from 'lucide-react';
import { useMemo, useRef, useState, type JSX, type KeyboardEvent, type PointerEvent } from 'react';
import { t } from '../../core/language';
import { formatValue } from '../../core/modality';
import { fromImage, pointAt, toImage, type TransferPoint } from '../../core/volume3d/transfer';
import { addPoint, colourOf, heightOf, movePoint, opacityOf, paintPoint, removePoint } from '../../core/volume3d/transfer-points';
import type { Volume3dSession, Volume3dState } from '../../viewport/volume3d/session';
import './volume-panel.css';

const [WIDTH, HEIGHT] = [280, 150];
/** Steps of the arrow keys, in parts of the axes; with Shift ten times as much. */
const [VALUE_STEP, HEIGHT_STEP] = [1 / 400, 1 / 100];
const DELETES = new Set(['Delete', 'Backspace']);
const ARROWS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

interface Props {
  session: Volume3dSession;
  state: Volume3dState;
  onClose(): void;
}

export function TransferPanel({ session, state, onClose }: Props): JSX.Element {
  const [chosen, setChosen] = useState(0);
  const { preset, range } = state;
  const selected = Math.min(chosen, preset.points.length - 1);
  const point = preset.points[selected] as TransferPoint;
  const { factor, unit } = state.axis;
  const value = toImage(preset, range, point.value) + state.shift;
  const move = (to: number, opacity: number): void => session.edit(movePoint(preset, range, selected, to - state.shift, opacity));
  const add = (at: number): void => {
    const made = addPoint(preset, range, at - state.shift);
    if (!made) return;
    setChosen(made.index);
    session.edit(made.preset);
  };
  const remove = (index: number): void => {
    setChosen(Math.max(0, index - 1));
    session.edit(removePoint(preset, index));
  };
  return (
    <section className="volume-panel" aria-label={t('Transfer function')}>
      <header>
        <h2>{t('Transfer function')}</h2>
        <button type="button" className="icon-button" aria-label={t('Close the transfer function')} onClick={onClose}>
          <X size={16} />
        </button>
      </header>
      <Graph session={session} state={state} selected={selected} onSelect={setChosen} onAdd={add} onRemove={remove} />
      <div className="transfer-fields" role="group" aria-label={t('Point {n} of {count}', { n: selected + 1, count: preset.points.length })}>
        <label>
          {t('Value')}
          <input type="number" step="any" value={rounded(value * factor)} onChange={(event) => move(Number(event.currentTarget.value) / factor, point.opacity)} />
          <span>{unit}</span>
        </label>
        <label>
          {t('Opacity')}
          <input type="number" min="0" max="100" step="any" value={rounded(point.opacity * 100)} onChange={(event) => move(value, Number(event.currentTarget.value) / 100)} />
          <span>{t('% per mm')}</span>
        </label>
        <label>
          {t('Colour')}
          <input type="color" value={colourOf(point)} onChange={(event) => session.edit(paintPoint(preset, selected, event.currentTarget.value))} />
        </label>
      </div>
      <div className="transfer-buttons">
        <button type="button" className="button" onClick={() => add(between(state, selected))}>
          <Plus size={14} aria-hidden="true" /> {t('Add a point')}
        </button>
        <button type="button" className="button" disabled={preset.points.length < 3} onClick={() => remove(selected)}>
          <Trash2 size={14} aria-hidden="true" /> {t('Remove the point')}
        </button>
        <button type="button" className="button" disabled={!session.edited && state.shift === 0 && state.opacity === 1} onClick={() => session.resetTransfer()}>
          {t('Reset the function')}
        </button>
      </div>
      <p className="muted">{t('Drag points; double-click adds one. Drag beside them to move the whole function. With the keyboard: Tab to a point, arrow keys, Delete.')}</p>
    </section>
  );
}

const rounded = (value: number): number => Number(value.toPrecision(5));

/** The middle between a point and the next one, of the last one that of it and the one before; a value of the image, shifted. */
function between({ preset, range, shift }: Volume3dState, index: number): number {
  const first = Math.min(index, preset.points.length - 2);
  const at = (which: number): number => toImage(preset, range, (preset.points[which] as TransferPoint).value);
  return (at(first) + at(first + 1)) / 2 + shift;
}

interface GraphProps {
  session: Volume3dSession;
  state: Volume3dState;
  selected: number;
  onSelect(index: number): void;
  onAdd(value: number): void;
  onRemove(index: number): void;
}

/** What the pointer moves: a point, or all of them together. */
type Held = { index: number } | { from: number; shift: number };

function Graph({ session, state, selected, onSelect, onAdd, onRemove }: GraphProps): JSX.Element {
  const { preset, range, shift, histogram } = state;
  const svg = useRef<SVGSVGElement>(null);
  const held = useRef<Held>(undefined);
  const span = range.high - range.low;
  const bars = useMemo(() => barsOf(histogram?.heights() ?? []), [histogram]);
  const curve = useMemo(() => curveOf({ preset, range, shift }), [preset, range, shift]);
  const across = (value: number): number => ((value - range.low) / span) * WIDTH;
  const at = (event: { clientX: number; clientY: number }): { value: number; height: number } => {
    const box = (svg.current as SVGSVGElement).getBoundingClientRect();
    return { value: range.low + ((event.clientX - box.left) / box.width) * span, height: 1 - (event.clientY - box.top) / box.height };
  };
  const place = (index: number, value: number, height: number): void => session.edit(movePoint(preset, range, index, value - shift, opacityOf(height)));
  const down = (event: PointerEvent<SVGElement>, taken: Held): void => {
    event.stopPropagation();
    svg.current?.setPointerCapture(event.pointerId);
    held.current = taken;
  };
  const drag = (event: PointerEvent<SVGSVGElement>): void => {
    const { current } = held;
    if (!current) return;
    const { value, height } = at(event);
    if ('index' in current) place(current.index, value, height);
    else session.choose({ shift: current.shift + value - current.from });
  };
  const key = (event: KeyboardEvent, index: number, point: TransferPoint): void => {
    const arrow = ARROWS[event.key];
    if (!arrow && !DELETES.has(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!arrow) onRemove(index);
    else {
      const by = event.shiftKey ? 10 : 1;
      place(index, toImage(preset, range, point.value) + shift + arrow[0] * by * VALUE_STEP * span, heightOf(point.opacity) + arrow[1] * by * HEIGHT_STEP);
    }
  };
  return (
    <>
      <svg
        ref={svg}
        className="transfer-graph"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        data-testid="transfer-graph"
        onPointerDown={(event) => down(event, { from: at(event).value, shift })}
        onPointerMove={drag}
        onPointerUp={() => {
          held.current = undefined;
        }}
        onDoubleClick={(event) => onAdd(at(event).value)}
      >
        <defs>
          <linearGradient id="transfer-colours">
            {preset.points.map((point, index) => (
              <stop key={index} offset={Math.min(1, Math.max(0, across(toImage(preset, range, point.value) + shift) / WIDTH))} stopColor={colourOf(point)} />
            ))}
          </linearGradient>
        </defs>
        <path className="transfer-histogram" d={bars} />
        <path className="transfer-area" d={`${curve}V${HEIGHT}H0Z`} fill="url(#transfer-colours)" />
        <path className="transfer-curve" d={curve} />
        {preset.points.map((point, index) => (
          <circle
            key={index}
            className="transfer-point"
            cx={across(toImage(preset, range, point.value) + shift)}
            cy={HEIGHT * (1 - heightOf(point.opacity))}
            r="5"
            fill={colourOf(point)}
            data-selected={index === selected}
            tabIndex={0}
            role="slider"
            aria-label={t('Point {n} of {count}', { n: index + 1, count: preset.points.length })}
            aria-valuemin={rounded(range.low * state.axis.factor)}
            aria-valuemax={rounded(range.high * state.axis.factor)}
            aria-valuenow={rounded((toImage(preset, range, point.value) + shift) * state.axis.factor)}
            aria-valuetext={t('{value}, opacity {opacity} %', { value: withUnit(toImage(preset, range, point.value) + shift, state), opacity: formatValue(rounded(point.opacity * 100)) })}
            onFocus={() => onSelect(index)}
            onKeyDown={(event) => key(event, index, point)}
            onDoubleClick={(event) => event.stopPropagation()}
            onPointerDown={(event) => {
              onSelect(index);
              down(event, { index });
            }}
          />
        ))}
      </svg>
      <div className="transfer-axis" aria-hidden="true">
        {[0, 0.5, 1].map((part) => (
          <span key={part}>{withUnit(range.low + part * span, state)}</span>
        ))}
      </div>
    </>
  );
}

const withUnit = (value: number, { axis: { factor, unit } }: Volume3dState): string => [formatValue(rounded(value * factor)), unit].filter(Boolean).join(' ');

function barsOf(heights: readonly number[]): string {
  const width = WIDTH / Math.max(1, heights.length);
  return `M0 ${HEIGHT}${heights.map((height, index) => `V${(HEIGHT * (1 - height)).toFixed(1)}H${((index + 1) * width).toFixed(1)}`).join('')}V${HEIGHT}Z`;
}

/** Opacities between points change evenly, their square roots do not. */
function curveOf({ preset, range, shift }: Pick<Volume3dState, 'preset' | 'range' | 'shift'>): string {
  const parts = Array.from({ length: WIDTH / 2 + 1 }, (_, index) => {
    const value = range.low + ((range.high - range.low) * index * 2) / WIDTH;
    return `${index * 2} ${(HEIGHT * (1 - heightOf(pointAt(preset, fromImage(preset, range, value - shift)).opacity))).toFixed(1)}`;
  });
  return `M${parts.join('L')}`;
}
