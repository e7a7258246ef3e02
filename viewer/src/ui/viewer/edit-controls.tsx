// What is painted with, into which segment, and what becomes of it.

import { Brush, Eraser, Plus, Redo2, SquareDashed, Sprout, Trash2, Undo2, type LucideIcon } from 'lucide-react';
import type { JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import type { PaintTool, Tool } from '../../core/gesture';
import { t } from '../../core/language';
import { PROPERTIES } from '../../core/structures/properties';
import { LEAST_RADIUS, MOST_RADIUS, type EditSegment, type EditSession, type EditState } from '../../viewport/structures/edit-session';
import { useStateOf } from './use-signal';

interface Props {
  edit: EditSession;
  tool: Tool;
  run(name: CommandName): void;
  onSave(): void;
  onDiscard(): void;
}

const TOOLS: readonly (readonly [PaintTool, LucideIcon, string])[] = [
  ['brush', Brush, 'Brush'],
  ['eraser', Eraser, 'Eraser'],
  ['threshold', SquareDashed, 'Threshold brush'],
  ['grow', Sprout, 'Grow region'],
];

export function EditControls({ edit, tool, run, onSave, onDiscard }: Props): JSX.Element {
  const state = useStateOf(edit);
  const { segments, label, kind, busy, dirty, note } = state;
  return (
    <section className="structures-object edit-controls" aria-label={t('Painting')}>
      <div className="structures-fill" role="toolbar" aria-label={t('Painting tools')}>
        {TOOLS.map(([name, Icon, title]) => (
          <button key={name} type="button" className="icon-button" aria-label={t(title)} aria-pressed={tool === name} title={`${titleOf(`paint.${name}`)}  ${keyLabel(`paint.${name}`)}`} onClick={() => run(`paint.${name}`)}>
            <Icon size={18} />
          </button>
        ))}
        <button type="button" className="icon-button" aria-label={t('Undo painting')} title={`${t('Undo')}  ${keyLabel('measure.undo')}`} onClick={() => edit.undo()}>
          <Undo2 size={18} />
        </button>
        <button type="button" className="icon-button" aria-label={t('Redo painting')} title={`${t('Redo')}  ${keyLabel('measure.redo')}`} onClick={() => edit.redo()}>
          <Redo2 size={18} />
        </button>
      </div>
      <Brushes edit={edit} state={state} />
      <ul>
        {segments.map((segment) => (
          <SegmentRow key={segment.number} edit={edit} segment={segment} active={segment.number === state.active} single={segments.length === 1} />
        ))}
      </ul>
      <button type="button" className="button" onClick={() => edit.addSegment()}>
        <Plus size={16} /> {t('Add a segment')}
      </button>
      <div className="structures-fill">
        <input type="text" value={label} maxLength={64} aria-label={t('Name of the segmentation')} onChange={(event) => edit.set({ label: event.currentTarget.value })} />
        <select value={kind} aria-label={t('Kind of object')} onChange={(event) => edit.set({ kind: event.currentTarget.value === 'labelmap' ? 'labelmap' : 'binary' })}>
          <option value="binary">{t('Binary')}</option>
          <option value="labelmap">{t('Label map')}</option>
        </select>
      </div>
      <div className="structures-fill">
        <button type="button" className="button" disabled={busy || !dirty} title={t('Store as a DICOM segmentation')} onClick={onSave}>
          {busy ? t('Busy') : t('Save')}
        </button>
        <button type="button" className="button" disabled={busy} onClick={() => (!dirty || confirm(t('Forget what was painted?')) ? onDiscard() : undefined)}>
          {t('Discard')}
        </button>
      </div>
      {note ? <p className="structures-refused" role="status">{note}</p> : null}
    </section>
  );
}

function Brushes({ edit, state: { radius, through, low, high } }: { edit: EditSession; state: EditState }): JSX.Element {
  return (
    <>
      <div className="structures-fill">
        <label>
          {t('Radius')}
          <input type="range" min={LEAST_RADIUS} max={MOST_RADIUS} step="0.5" value={radius} aria-label={t('Radius of the brush in mm')} onChange={(event) => edit.set({ radius: Number(event.currentTarget.value) })} />
        </label>
        <output>{radius} mm</output>
      </div>
      <div className="structures-fill">
        <label title={t('Brushes are spheres, and regions grow through the slices')}>
          <input type="checkbox" checked={through} onChange={() => edit.set({ through: !through })} />
          {t('Through slices')}
        </label>
      </div>
      <div className="structures-fill">
        <label>
          {t('Range')}
          <input type="number" className="dose-reference" value={low} aria-label={t('Lowest value')} onChange={(event) => edit.set({ low: Number(event.currentTarget.value) })} />
        </label>
        <input type="number" className="dose-reference" value={high} aria-label={t('Highest value')} onChange={(event) => edit.set({ high: Number(event.currentTarget.value) })} />
      </div>
    </>
  );
}

function SegmentRow({ edit, segment: { number, label, colour, property }, active, single }: { edit: EditSession; segment: EditSegment; active: boolean; single: boolean }): JSX.Element {
  const offered = PROPERTIES.some(({ id }) => id === property.id) ? PROPERTIES : [...PROPERTIES, property];
  return (
    <li data-active={active}>
      <label>
        <input type="radio" name="segment" checked={active} aria-label={t('Paint {label}', { label })} onChange={() => edit.set({ active: number })} />
      </label>
      <input type="color" key={colour} defaultValue={colour} aria-label={t('Colour of segment {number}', { number })} onBlur={(event) => event.target.value !== colour && edit.editSegment(number, { colour: event.target.value })} />
      <input type="text" value={label} maxLength={64} aria-label={t('Name of segment {number}', { number })} onChange={(event) => edit.editSegment(number, { label: event.currentTarget.value })} />
      <select value={property.id} aria-label={t('What segment {number} is', { number })} onChange={(event) => edit.editSegment(number, { property: offered.find(({ id }) => id === event.currentTarget.value) ?? property })}>
        {offered.map(({ id, type }) => (
          <option key={id} value={id}>
            {t(type.CodeMeaning)}
          </option>
        ))}
      </select>
      <button type="button" className="icon-button" aria-label={t('Delete segment {number}', { number })} disabled={single} onClick={() => edit.removeSegment(number)}>
        <Trash2 size={16} />
      </button>
    </li>
  );
}
