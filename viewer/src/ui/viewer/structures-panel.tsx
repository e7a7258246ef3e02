// Segmentations, structure sets and doses of the open studies: what is in them, shown or not. Not modal: the pictures stay in use.

import { Crosshair, Eye, EyeOff, X } from 'lucide-react';
import { lazy, Suspense, useState, type JSX } from 'react';
import type { CommandName } from '../../core/commands';
import type { Structure, StructureObject } from '../../viewport/structures/objects';
import type { StructuresSession } from '../../viewport/structures/session';
import type { Tool } from '../../core/gesture';
import { fixed, t } from '../../core/language';
import type { StackController } from '../../viewport/stack-controller';
import { DoseControls } from './dose-controls';
import { EditControls } from './edit-controls';
import { useStateOf } from './use-signal';
import './structures-panel.css';
import { patient } from '../../net/patient';

const DvhDialog = lazy(patient(() => import('./dvh-dialog').then((module) => ({ default: module.DvhDialog }))));

interface Props {
  session: StructuresSession | undefined;
  tool: Tool;
  /** The pane that painting begins on. */
  active: StackController;
  run(name: CommandName): void;
}

export function StructuresPanel({ session, tool, active, run }: Props): JSX.Element {
  return (
    <aside className="structures-panel" aria-label={t('Structures')}>
      <header>
        <h2>{t('Structures')}</h2>
        <button type="button" className="icon-button" aria-label={t('Close the structures')} onClick={() => run('structures.list')}>
          <X size={18} />
        </button>
      </header>
      {session ? <Objects session={session} tool={tool} active={active} run={run} /> : null}
    </aside>
  );
}

function Objects({ session, tool, active, run }: Props & { session: StructuresSession }): JSX.Element {
  const { objects } = useStateOf(session);
  const [histogram, setHistogram] = useState<string>();
  const [note, setNote] = useState('');
  const dose = objects.find(({ id }) => id === histogram);
  const edit = session.editing();
  const begin = (from?: StructureObject): void => {
    const refused = session.begin(active, from);
    setNote(refused);
    if (!refused) run('paint.brush');
  };
  return (
    <>
      <div className="structures-list">
        {edit ? (
          <EditControls edit={edit} tool={tool} run={run} onSave={() => void session.save()} onDiscard={() => session.discard()} />
        ) : (
          <div className="structures-object">
            <button type="button" className="button" onClick={() => begin()}>
              {t('New segmentation')}
            </button>
            {note ? <p className="structures-refused" role="alert">{note}</p> : null}
          </div>
        )}
        {objects.length === 0 ? <p className="muted">{t('This study has no segmentation, structure set or dose')}</p> : null}
        {objects.map((object) => (
          <Entry key={object.id} object={object} session={session} onHistogram={() => setHistogram(object.id)} onEdit={edit || object.kind !== 'SEG' ? undefined : () => begin(object)} />
        ))}
      </div>
      {dose?.dose ? (
        <Suspense fallback={null}>
          <DvhDialog dose={dose.dose} objects={objects} title={dose.title} onClose={() => setHistogram(undefined)} />
        </Suspense>
      ) : null}
    </>
  );
}

const KINDS: Readonly<Record<StructureObject['kind'], string>> = { SEG: 'SEG', RTSTRUCT: 'RTSTRUCT', RTDOSE: 'RTDOSE', draft: 'Not saved' };

function Entry({ object, session, onHistogram, onEdit }: { object: StructureObject; session: StructuresSession; onHistogram(): void; onEdit: (() => void) | undefined }): JSX.Element {
  const { id, title, kind, visible, status, reason, notes, structures, dose, opacity } = object;
  return (
    <section className="structures-object" data-status={status} aria-label={title}>
      <label className="structures-head">
        <input type="checkbox" checked={visible || status === 'loading'} disabled={status === 'loading'} onChange={() => void session.toggle(id)} />
        <strong>{title}</strong>
        <span className="structures-kind">{t(KINDS[kind])}</span>
      </label>
      {status === 'loading' ? <p className="muted" role="status">{t('Reading')}</p> : null}
      {status === 'refused' ? <p className="structures-refused" role="alert">{t('Cannot be shown:')} {reason}</p> : null}
      {visible && structures.length > 0 ? (
        <div className="structures-fill">
          <label>
            {t('Fill')}
            <input type="range" min="0" max="1" step="0.05" value={opacity} aria-label={t('Opacity of {title}', { title })} onChange={(event) => session.setOpacity(id, Number(event.currentTarget.value))} />
          </label>
          <button type="button" className="button" onClick={() => session.showStructures(id, !structures.every((one) => one.visible))}>
            {structures.every((one) => one.visible) ? t('Hide all') : t('Show all')}
          </button>
        </div>
      ) : null}
      {visible ? (
        <ul>
          {structures.map((structure) => (
            <Row key={structure.id} structure={structure} object={object} session={session} />
          ))}
        </ul>
      ) : null}
      {visible && dose ? <DoseControls dose={dose} onChange={(change) => session.editDose(id, change)} onHistogram={onHistogram} /> : null}
      {visible && onEdit ? (
        <button type="button" className="button" title={t('Paint on, and save as another object')} onClick={onEdit}>
          {t('Edit a copy')}
        </button>
      ) : null}
      {visible ? notes.map((note) => <p key={note} className="muted">{note}</p>) : null}
    </section>
  );
}

function Row({ structure, object, session }: { structure: Structure; object: StructureObject; session: StructuresSession }): JSX.Element {
  const { id, name, property, colour, visible, volume, middle } = structure;
  return (
    <li data-hidden={!visible} data-structure={id}>
      <input type="color" key={colour} defaultValue={colour} aria-label={t('Colour of {name}', { name })} onBlur={(event) => event.target.value !== colour && session.editStructure(object.id, id, { colour: event.target.value })} />
      <div className="structures-name">
        <span>{name}</span>
        <small className="muted">{[property, middle ? '' : 'empty', volume === undefined ? '' : volumeText(volume)].filter(Boolean).join(' · ')}</small>
      </div>
      <button type="button" className="icon-button" aria-label={t('Go to {name}', { name })} title={t('Go to its middle')} disabled={!middle} onClick={() => session.jump(structure, object)}>
        <Crosshair size={16} />
      </button>
      <button type="button" className="icon-button" aria-label={t('Hide {name}', { name })} aria-pressed={!visible} onClick={() => session.editStructure(object.id, id, { visible: !visible })}>
        {visible ? <Eye size={16} /> : <EyeOff size={16} />}
      </button>
    </li>
  );
}

const volumeText = (ml: number): string => `${fixed(ml, ml < 1 ? 3 : ml < 100 ? 2 : 1)} ml`;
