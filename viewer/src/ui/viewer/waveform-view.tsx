// An ECG or another waveform on millimetre paper, with its settings, what is under the pointer, a caliper, and its annotations.

import { Tags } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type JSX, type PointerEvent } from 'react';
import { keyLabel } from '../../core/commands';
import { inlineBytes, type DataSet } from '../../core/dicom-json';
import { fixed, t } from '../../core/language';
import { formatValue } from '../../core/modality';
import { decodeWaveform, gainOf, LAYOUTS, readWaveforms, standardLeads, strips as stripsOf, waveformNotes, type Strip, type WaveformGroup, type WaveformLayout, type WaveformNote } from '../../core/waveform';
import { paintWaveform, sheetOf, type Paper } from '../../viewport/paint-waveform';
import type { Point } from '../../core/view';
import { useServices } from '../services';
import './waveform-view.css';

const [SPEEDS, GAINS] = [[12.5, 25, 50, 100], [2.5, 5, 10, 20, 40]] as const;
const TITLES: Readonly<Record<WaveformLayout, string>> = { '3x4': '3 × 4 + rhythm', '6x2': '6 × 2', '12x1': '12 × 1' };
/** A CSS millimetre, and the least that is shown of one. */
const [MILLIMETRE, LEAST] = [96 / 25.4, 2.4];

export function WaveformView({ dataSet, onTags }: { dataSet: DataSet; onTags(): void }): JSX.Element {
  const groups = useMemo(() => readWaveforms(dataSet), [dataSet]);
  const [chosen, setChosen] = useState(0);
  const [layout, setLayout] = useState<WaveformLayout>('3x4');
  const [speed, setSpeed] = useState(25);
  const [gain, setGain] = useState(10);
  const group = groups[chosen];
  const { values, failure } = useValues(group);
  const notes = useMemo(() => (group ? waveformNotes(dataSet, chosen, group) : []), [dataSet, chosen, group]);
  if (!group) return <p>{t('There is no waveform in this object')}</p>;
  const twelve = standardLeads(group.channels) !== undefined;
  return (
    <div className="waveform" data-testid="document">
      <div className="waveform-head" role="toolbar" aria-label={t('Waveform')}>
        <Choice<number> label={t('Group')} value={chosen} options={groups.map(({ label }, index) => [index, label])} onChange={setChosen} />
        {twelve ? <Choice<WaveformLayout> label={t('Layout')} value={layout} options={LAYOUTS.map((one) => [one, t(TITLES[one])])} onChange={setLayout} /> : null}
        <Choice<number> label={t('Speed')} value={speed} options={SPEEDS.map((one) => [one, `${one} mm/s`])} onChange={setSpeed} />
        <Choice<number> label={t('Gain')} value={gain} options={GAINS.map((one) => [one, `${one} mm/mV`])} onChange={setGain} />
        <span className="waveform-caption">{captionOf(group)}</span>
        <button type="button" className="icon-button" aria-label={t('Tag browser')} title={`${t('Tag browser')}  ${keyLabel('panel.tags')}`} onClick={onTags}>
          <Tags size={16} />
        </button>
      </div>
      {failure ? <p role="alert" className="waveform-failed">{failure}</p> : null}
      {values ? <SheetView group={group} values={values} layout={layout} speed={speed} gain={gain} notes={notes} /> : null}
      <Notes notes={notes} group={group} />
    </div>
  );
}

function captionOf({ channels, frequency, samples }: WaveformGroup): string {
  const filters = [...new Set(channels.map((channel) => channel.filters))].filter(Boolean);
  return [`${formatValue(frequency)} Hz`, `${formatValue(samples / frequency)} s`, filters.length === 1 ? (filters[0] as string) : filters.length > 1 ? t('several filters') : t('filters not stated')].join(' · ');
}

interface ChoiceProps<T extends string | number> {
  label: string;
  value: T;
  options: (readonly [T, string])[];
  onChange(value: T): void;
}

function Choice<T extends string | number>({ label, value, options, onChange }: ChoiceProps<T>): JSX.Element {
  return (
    <select aria-label={label} title={label} value={value} onChange={({ currentTarget }) => onChange((options[currentTarget.selectedIndex] as (typeof options)[number])[0])}>
      {options.map(([one, title]) => (
        <option key={one} value={one}>
          {title}
        </option>
      ))}
    </select>
  );
}

function useValues(group: WaveformGroup | undefined): { values: Float64Array[] | undefined; failure: string } {
  const { client } = useServices();
  const [known, setKnown] = useState<{ of: WaveformGroup; values: Float64Array[] | undefined; failure: string }>();
  useEffect(() => {
    if (!group) return undefined;
    const abort = new AbortController();
    const { InlineBinary, BulkDataURI } = group.data ?? {};
    const bytes = InlineBinary ? Promise.resolve(inlineBytes(InlineBinary)) : BulkDataURI ? client.bulkData(BulkDataURI, abort.signal) : Promise.reject(new Error(t('The waveform has no data')));
    bytes.then(
      (found) => {
        const values = decodeWaveform(found, group);
        setKnown({ of: group, values, failure: values ? '' : t('Samples of the kind "{interpretation}" cannot be shown', { interpretation: group.interpretation }) });
      },
      (error: unknown) => abort.signal.aborted || setKnown({ of: group, values: undefined, failure: error instanceof Error ? error.message : t('The waveform cannot be read') }),
    );
    return () => abort.abort();
  }, [client, group]);
  return known && known.of === group ? known : { values: undefined, failure: '' };
}

interface SheetProps {
  group: WaveformGroup;
  values: Float64Array[];
  layout: WaveformLayout;
  speed: number;
  gain: number;
  notes: readonly WaveformNote[];
}

function SheetView({ group, values, layout, speed, gain, notes }: SheetProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [pointer, setPointer] = useState<Point>();
  const [caliper, setCaliper] = useState<readonly [Point, Point]>();
  const strips = useMemo(() => stripsOf(group, layout), [group, layout]);
  const paper = useMemo((): Paper => ({ speed, gain, row: Math.max(20, gain * 2.5), margin: 6 }), [speed, gain]);
  const sheet = sheetOf(group, strips, paper);
  const scale = Math.max(LEAST, Math.min(MILLIMETRE * 2, width / sheet.width || MILLIMETRE));
  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth - 24));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !canvas.current) return;
    const ratio = Math.min(devicePixelRatio * scale, 16_000 / sheet.width);
    Object.assign(canvas.current, { width: Math.round(sheet.width * ratio), height: Math.round(sheet.height * ratio) });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintWaveform(context, group, values, strips, paper, layout === '12x1' ? [...new Set(notes.flatMap(({ times }) => times))] : []);
  }, [group, values, strips, paper, layout, notes, scale, sheet.width, sheet.height]);
  const at = (event: PointerEvent): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
  };
  return (
    <div className="waveform-holder" ref={holder} tabIndex={0} role="group" aria-label={t('Waveform')}>
      <div
        className="waveform-sheet"
        data-testid="waveform"
        data-scale={scale}
        style={{ width: sheet.width * scale, height: sheet.height * scale }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setCaliper([at(event), at(event)]);
        }}
        onPointerMove={(event) => {
          const now = at(event);
          setPointer(now);
          if (event.currentTarget.hasPointerCapture(event.pointerId)) setCaliper((before) => before && [before[0], now]);
        }}
        onPointerLeave={() => setPointer(undefined)}
      >
        <canvas ref={canvas} aria-label={t('Waveform on millimetre paper')} role="img" />
        {caliper ? <Caliper from={caliper[0]} to={caliper[1]} scale={scale} text={caliperText(caliper, group, values, strips, paper)} /> : null}
      </div>
      <output className="waveform-readout" data-testid="waveform-readout">
        {pointer ? readout(pointer, group, values, strips, paper) : ''}
      </output>
    </div>
  );
}

const stripAt = ([x, y]: Point, strips: readonly Strip[], { row, speed, margin }: Paper): Strip | undefined => {
  const time = (x - margin) / speed;
  return strips.find((strip) => strip.row === Math.floor(y / row) && time >= strip.from && time <= strip.to);
};

/** "II  1.234 s  0.125 mV": the sample under the pointer. */
function readout(point: Point, group: WaveformGroup, values: readonly Float64Array[], strips: readonly Strip[], paper: Paper): string {
  const strip = stripAt(point, strips, paper);
  const channel = strip && group.channels[strip.channel];
  if (!strip || !channel) return '';
  const sample = Math.round(((point[0] - paper.margin) / paper.speed - channel.skew / 1000) * group.frequency);
  const value = values[strip.channel]?.[sample];
  if (value === undefined || Number.isNaN(value)) return '';
  return `${channel.name}  ${fixed(sample / group.frequency, 3)} s  ${fixed(value, channel.unit === 'mV' ? 3 : 1)} ${channel.unit}`;
}

/** Time, rate and amplitude between two points; no amplitude across strips. */
function caliperText([from, to]: readonly [Point, Point], group: WaveformGroup, values: readonly Float64Array[], strips: readonly Strip[], paper: Paper): string {
  const ms = (Math.abs(to[0] - from[0]) / paper.speed) * 1000;
  const strip = stripAt(from, strips, paper);
  const channel = strip && group.channels[strip.channel];
  const data = strip && values[strip.channel];
  const amplitude = channel && data ? `${formatValue((from[1] - to[1]) / gainOf(channel, data, paper.gain, paper.row))} ${channel.unit}` : '';
  return [`${ms.toFixed(0)} ms`, ms >= 100 ? t('{rate} bpm', { rate: (60_000 / ms).toFixed(0) }) : '', amplitude].filter(Boolean).join(' · ');
}

function Caliper({ from, to, scale, text }: { from: Point; to: Point; scale: number; text: string }): JSX.Element {
  const [x0, x1, y0, y1] = [from[0] * scale, to[0] * scale, from[1] * scale, to[1] * scale];
  return (
    <svg className="waveform-caliper" role="img" aria-label={t('Caliper {text}', { text })}>
      <line x1={x0} x2={x0} y1="0" y2="100%" />
      <line x1={x1} x2={x1} y1="0" y2="100%" />
      <line x1={x0} x2={x1} y1={y0} y2={y0} />
      <line x1={x1} x2={x1} y1={y0} y2={y1} className="waveform-height" />
      <text x={Math.max(x0, x1) + 6} y={Math.max(14, Math.min(y0, y1) - 6)} data-testid="caliper">
        {text}
      </text>
    </svg>
  );
}

function Notes({ notes, group }: { notes: readonly WaveformNote[]; group: WaveformGroup }): JSX.Element | null {
  const whole = notes.filter(({ times, text }) => times.length === 0 && text);
  const placed = notes.length - whole.length;
  if (notes.length === 0) return null;
  return (
    <aside className="waveform-notes" aria-label={t('Annotations')}>
      {whole.map(({ text, channels }, index) => (
        <span key={index}>{[channels.map((channel) => group.channels[channel]?.name ?? '').join(', '), text].filter(Boolean).join(': ')}</span>
      ))}
      {placed > 0 ? <span className="muted">{placed} {t('points in time, shown as lines in the layout 12 × 1')}</span> : null}
    </aside>
  );
}

