// The curve of a region through time, beside the pictures: chart, the phase on screen, CSV. A click on the chart goes there.

import { X } from 'lucide-react';
import { useEffect, useState, type JSX } from 'react';
import { t } from '../../core/language';
import { formatValue } from '../../core/modality';
import { chartOf, curveCsv, type CurvePoint } from '../../core/time-curve';
import { timeCurve } from '../../viewport/measure/time-curve';
import { download } from '../parts/download';
import { useStateOf } from './use-signal';
import type { ViewerEngine } from './viewer-engine';
import './curve-panel.css';

const NOTHING = { items: [], selected: undefined };
const WIDTH = 320;
const HEIGHT = 160;

export function CurvePanel({ engine, onClose }: { engine: ViewerEngine; onClose(): void }): JSX.Element {
  const { workspace, phases, store, measure, mpr } = engine;
  useStateOf(workspace);
  const pane = useStateOf(workspace.active);
  const session = useStateOf(measure);
  useStateOf<unknown>(session ?? workspace);
  const planes = useStateOf(mpr);
  useStateOf<unknown>(planes ?? workspace);
  const cut = planes?.state();
  const { items, selected } = session?.state() ?? NOTHING;
  const item = items.find(({ id }) => id === selected) ?? items.at(-1);
  const [curve, setCurve] = useState<CurvePoint[] | string>('');
  const { set, setting } = pane;
  const of = planes?.source.phases ?? set?.phases;
  useEffect(() => {
    let gone = false;
    const say = (found: CurvePoint[] | string): void => {
      if (!gone) setCurve(found);
    };
    const onProgress = (done: number, all: number): void => {
      if (planes) say(t('{done} of {n} phases', { done, n: all }));
    };
    void timeCurve(item, set, setting.suv, { store, planes, onProgress }).then(say);
    return () => {
      gone = true;
    };
    // The phase on screen does not change the curve.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [item, of, setting.suv, store, planes, cut?.mode, cut?.thickness]);
  return (
    <aside className="curve-panel" aria-label={t('Curve over time')} data-testid="curve">
      <header>
        <h2>{t('Curve over time')}</h2>
        <button type="button" className="icon-button" aria-label={t('Close the curve')} onClick={onClose}>
          <X size={18} />
        </button>
      </header>
      {typeof curve === 'string' ? <p className="muted">{curve}</p> : <Curve points={curve} phase={cut?.phase ?? set?.phase ?? 0} onGo={(phase) => phases.goTo(phase)} />}
    </aside>
  );
}

function Curve({ points, phase, onGo }: { points: CurvePoint[]; phase: number; onGo(phase: number): void }): JSX.Element {
  const { points: places, low, high } = chartOf(points);
  const at = places.map(([x, y]) => [x * WIDTH, y * HEIGHT] as const);
  const here = points.findIndex((point) => point.phase === phase);
  const now = points[here];
  const unit = points[0]?.unit ?? '';
  return (
    <>
      <div className="curve-chart">
        <span className="curve-high">{`${formatValue(high)} ${unit}`}</span>
        <span className="curve-low">{formatValue(low)}</span>
        <svg viewBox={`-6 -6 ${WIDTH + 12} ${HEIGHT + 12}`} role="img" aria-label={t('{n} values, {values} {unit}', { n: points.length, values: points.map(({ value }) => formatValue(value)).join(', '), unit })}>
          <rect x="0" y="0" width={WIDTH} height={HEIGHT} className="curve-frame" />
          <polyline points={at.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} className="curve-line" />
          {points.map((point, index) => (
            <circle key={point.phase} cx={at[index]?.[0]} cy={at[index]?.[1]} r={index === here ? 5 : 3.5} className="curve-point" data-here={index === here} data-value={point.value} onClick={() => onGo(point.phase)}>
              <title>{[point.label, `${formatValue(point.value)} ${unit}`].filter(Boolean).join(': ')}</title>
            </circle>
          ))}
        </svg>
        <span className="curve-from">{points[0]?.label}</span>
        <span className="curve-to">{points.at(-1)?.label}</span>
      </div>
      <footer>
        <output>{now ? [now.label, `${formatValue(now.value)} ${unit}`, now.deviation === undefined ? '' : `± ${formatValue(now.deviation)}`].filter(Boolean).join(' ') : ''}</output>
        <button type="button" className="button" onClick={() => download('curve.csv', 'text/csv', curveCsv(points))}>
          CSV
        </button>
      </footer>
    </>
  );
}
