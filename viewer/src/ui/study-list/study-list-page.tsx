// The first page: what the archive holds, newest first unless a column is chosen.

import { FileStack, FolderOpen, Upload } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type JSX } from 'react';
import { flushSync } from 'react-dom';
import { keyLabel, titleOf } from '../../core/commands';
import type { Reach } from '../../core/dates';
import { counted, t } from '../../core/language';
import { ALL, isAll, type StudyFilter } from '../../core/study-filter';
import { orderOf, type Sort, type StudyRow } from '../../core/study-row';
import type { SystemInfo } from '../../net/dicomweb';
import { afterDrawing } from '../parts/after-drawing';
import { Mark } from '../parts/mark';
import { noteListed } from '../neighbours';
import { navigate, noteAddress } from '../place';
import { useServices } from '../services';
import { settings } from '../settings';
import { FilterBar, MoreFilters } from './filter-bar';
import { EmptyArchive, nodeAddress, NothingFound, OutOfReach, SkeletonRows } from './list-states';
import './study-list.css';
import { LocalPanel } from './local-panel';
import { StudyTable } from './study-table';
import { UploadPanel } from './upload-panel';
import { useListKeys } from './use-list-keys';
import { linesOf, placeOf, useOthers } from './use-others';
import { isPossible, useMarks, type MarkedAction, type Marks } from './use-marks';
import { chosenSort, PAGE, useStudies } from './use-studies';
import { patient } from '../../net/patient';
import { SITE } from '../../net/site';

const AnonymizeDialog = lazy(patient(() => import('../anonymize/anonymize-dialog').then((module) => ({ default: module.AnonymizeDialog }))));
const SendDialog = lazy(patient(() => import('./send-dialog').then((module) => ({ default: module.SendDialog }))));
const SaveDialog = lazy(patient(() => import('./save-dialog').then((module) => ({ default: module.SaveDialog }))));
const DeleteDialog = lazy(patient(() => import('./delete-dialog').then((module) => ({ default: module.DeleteDialog }))));
const EditDialog = lazy(patient(() => import('./edit-dialog').then((module) => ({ default: module.EditDialog }))));
const NARROW = '(max-width: 720px)';

/** The list as it was left, for the way back from a study. */
const left: { filter: StudyFilter; sort?: Sort; study: string } = { filter: ALL, study: '' };

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const listener = (): void => setNarrow(query.matches);
    query.addEventListener('change', listener);
    return () => query.removeEventListener('change', listener);
  }, []);
  return narrow;
}

function useSystem(): SystemInfo | undefined {
  const { client } = useServices();
  const [system, setSystem] = useState<SystemInfo>();
  useEffect(() => {
    const controller = new AbortController();
    client.system(controller.signal).then(setSystem, () => undefined);
    return () => controller.abort();
  }, [client]);
  return system;
}

/** How many studies there are, asked for where not all are in the list; 0 while that is not known. */
function useTotal(wanted: boolean, again: number): number {
  const { client } = useServices();
  const [total, setTotal] = useState(0);
  useEffect(() => {
    if (!wanted) return undefined;
    const controller = new AbortController();
    client.countStudies(controller.signal).then(setTotal, () => undefined);
    return () => controller.abort();
  }, [client, wanted, again]);
  return wanted ? total : 0;
}

interface Props {
  /** What the address says of order and filter. */
  order: Sort | undefined;
  narrowed: StudyFilter | undefined;
  /** The list can be used, or will not come. */
  onListed(): void;
}

export function StudyListPage({ order, narrowed, onListed }: Props): JSX.Element {
  const { client } = useServices();
  const system = useSystem();
  const narrow = useNarrow();
  const [filter, setFilter] = useState(narrowed ?? left.filter);
  const [moreFilters, setMoreFilters] = useState(filter.institution !== '' || filter.status !== '');
  const [sort, setSort] = useState(order ?? left.sort ?? chosenSort());
  const [selected, setSelected] = useState(left.study);
  const [dialog, setDialog] = useState<MarkedAction | 'jobs'>();
  const field = useRef<HTMLInputElement>(null);
  const institution = useRef<HTMLInputElement>(null);
  const marks = useMarks(setDialog);
  const studies = useStudies(client, filter, sort);
  const { rows } = studies;
  const others = useOthers(client);
  const lines = useMemo(() => linesOf(rows, others.found), [rows, others.found]);
  const index = placeOf(lines, selected);
  const rowHeight = narrow ? 64 : 44;

  useEffect(() => {
    if (studies.status !== 'loading') return afterDrawing(onListed);
    return undefined;
  }, [studies.status, onListed]);

  useEffect(() => {
    document.title = 'Isocenter';
    Object.assign(left, { filter, sort, study: selected });
  }, [filter, sort, selected]);

  useEffect(() => noteListed(rows.map(({ StudyInstanceUID }) => StudyInstanceUID)), [rows]);

  useEffect(() => {
    noteAddress({ page: 'list', sort, filter });
  }, [sort, filter]);

  const onSort = useCallback((wanted: Sort) => {
    settings.setOrder(orderOf(wanted));
    setSort(wanted);
  }, []);

  const open = useCallback((row: StudyRow) => {
    left.study = row.StudyInstanceUID;
    navigate({ page: 'viewer', studies: [row.StudyInstanceUID], series: '', instance: '' });
  }, []);

  /** Hidden filters are none. */
  const showMore = useCallback((shown: boolean) => {
    flushSync(() => setMoreFilters(shown));
    if (shown) institution.current?.focus();
    else setFilter((before) => ({ ...before, institution: '', status: '' }));
  }, []);

  const choose = useCallback((at: number) => setSelected(lines[at]?.key ?? ''), [lines]);

  const openAt = useCallback((at: number) => lines[at]?.row && open(lines[at].row), [lines, open]);
  const showFilters = useCallback(() => showMore(true), [showMore]);
  useListKeys({ field, count: lines.length, index, onChoose: choose, onOpen: openAt, onFilters: showFilters });

  const unfiltered = isAll(filter);
  const total = useTotal(unfiltered && (studies.more || studies.reach !== undefined) && rows.length >= PAGE, studies.arrived.size);
  const loadMore = studies.more ? studies.loadMore : undefined;
  const onEnd = useCallback(() => loadMore?.(), [loadMore]);

  return (
    <div className="list-page">
      <header className="list-header">
        <a className="brand" href={`${SITE}/`} aria-label="Isocenter">
          <Mark />
          <span>Isocenter</span>
        </a>
        <FilterBar filter={filter} field={field} bounded={studies.reach !== undefined} more={moreFilters} onChange={setFilter} onMore={showMore} />
        <OpenLocal />
        <div className="node" title={`${t('DICOM node of this archive')}  ${nodeAddress(system)}`}>
          <span className="node-dot" data-state={studies.status} />
          <code>{nodeAddress(system)}</code>
        </div>
      </header>
      <main className="list-main">
        <h1 className="visually-hidden">{t('Studies')}</h1>
        <div className="list-panels">
          {moreFilters ? <MoreFilters filter={filter} field={institution} onChange={setFilter} /> : null}
          <LocalPanel />
          <UploadPanel />
        </div>
        {rows.length > 0 ? (
          <StudyTable
            lines={lines}
            others={others}
            rowHeight={rowHeight}
            sort={sort}
            selected={index}
            marked={marks.uids}
            arrived={studies.arrived}
            busy={studies.status === 'loading'}
            onSort={onSort}
            onSelect={choose}
            onMark={marks.toggle}
            onOpen={open}
            onEnd={onEnd}
          />
        ) : (
          <Nothing studies={studies} unfiltered={unfiltered} system={system} rowHeight={rowHeight} onClear={() => setFilter(ALL)} />
        )}
      </main>
      <footer className="list-footer">
        <span className="list-count">
          {studies.reach ? <Bounded reach={studies.reach} rows={rows.length} total={total} onAll={() => setFilter({ ...filter, range: 'all' })} /> : studiesCounted(rows.length, studies.more, unfiltered, total)}
        </span>
        <Middle marks={marks} onAction={setDialog} />
        <span>
          <button type="button" className="list-link" title={t('De-identification jobs and their results')} onClick={() => setDialog('jobs')}>{t('Jobs')}</button>
          {' · '}
          {system?.version ? `Isocenter ${system.version} · ` : ''}
          {t('Not for diagnosis')}
        </span>
      </footer>
      {dialog ? (
        <Suspense fallback={null}>
          <ListDialog name={dialog} marks={marks} onChanged={studies.retry} onClose={() => setDialog(undefined)} />
        </Suspense>
      ) : null}
    </div>
  );
}

interface DialogProps {
  name: MarkedAction | 'jobs';
  marks: Marks;
  onChanged(): void;
  onClose(): void;
}

function ListDialog({ name, marks, onChanged, onClose }: DialogProps): JSX.Element {
  const [rows] = useState(marks.rows);
  if (name === 'send') return <SendDialog rows={rows} onClose={onClose} />;
  if (name === 'save') return <SaveDialog rows={rows} onClose={onClose} />;
  if (name === 'anonymize' || name === 'jobs') return <AnonymizeDialog rows={name === 'jobs' ? [] : rows} onClose={onClose} />;
  const changed = (): void => {
    marks.clear();
    onChanged();
  };
  if (name === 'edit') return rows[0] ? <EditDialog row={rows[0]} onChanged={changed} onClose={onClose} /> : <></>;
  return <DeleteDialog rows={rows} onChanged={changed} onClose={onClose} />;
}

function Middle({ marks, onAction }: { marks: Marks; onAction(action: MarkedAction): void }): JSX.Element {
  return marks.rows.length > 0 ? (
      <span className="list-marked" role="group" aria-label={t('Marked studies')}>
        {t('{n} marked', { n: marks.rows.length })}
        {ACTIONS.filter(([action]) => isPossible(action, marks.rows.length)).map(([action, label, key, title]) => (
          <button key={action} type="button" className="button" title={t(title)} onClick={() => onAction(action)}>
            {t(label)} <kbd>{key}</kbd>
          </button>
        ))}
        <button type="button" className="button" onClick={marks.clear}>{t('Unmark')}</button>
      </span>
    ) : (
      <span className="list-keys">
        <kbd>↑</kbd> <kbd>↓</kbd> {t('choose')} <kbd>Enter</kbd> {t('open')} <kbd>Space</kbd> {t('mark')} <kbd>/</kbd> {t('search')}
      </span>
    );
}

const ACTIONS: readonly (readonly [action: MarkedAction, label: string, key: string, title: string])[] = [
  ['send', 'Send…', 'S', 'Send the marked studies to a DICOM node (S)'],
  ['save', 'Save…', 'Z', 'Save the marked studies as ZIP files with a DICOMDIR (Z)'],
  ['anonymize', 'Anonymise…', 'A', 'De-identified copies of the marked studies (A)'],
  ['edit', 'Correct…', 'E', 'Correct what the marked study says of patient and study (E)'],
  ['delete', 'Delete…', 'Del', 'Delete the marked studies (Del)'],
];

/** Files and folders of this computer: shown without an upload, or put into the archive. */
function OpenLocal(): JSX.Element {
  const { local, uploads } = useServices();
  return (
    <div className="open-local">
      <button type="button" className="button" title={`${titleOf('local.open')}  ${keyLabel('local.open')}`} onClick={() => local.pick(false)}>
        <FileStack size={16} aria-hidden="true" /> {t('Open local files…')}
      </button>
      <button type="button" className="icon-button" aria-label={titleOf('local.folder')} title={`${titleOf('local.folder')}  ${keyLabel('local.folder')}`} onClick={() => local.pick(true)}>
        <FolderOpen size={18} aria-hidden="true" />
      </button>
      <button type="button" className="icon-button" aria-label={titleOf('archive.files')} title={`${titleOf('archive.files')}  ${keyLabel('archive.files')}`} onClick={() => uploads.pick(false)}>
        <Upload size={18} aria-hidden="true" />
      </button>
    </div>
  );
}

/** How many studies there are, or match. */
const COUNTED = { one: '{n} study', more: '{n} studies', oneMatch: '{n} study match', moreMatch: '{n} studies match' } as const;

function studiesCounted(rows: number, more: boolean, unfiltered: boolean, total: number): string {
  const n = counted(rows);
  if (more && total > rows) return t('{n} of {all} studies', { n, all: counted(total) });
  return t(COUNTED[`${rows === 1 ? 'one' : 'more'}${unfiltered ? '' : 'Match'}`], { n: `${n}${more ? '+' : ''}` });
}

const REACHED: readonly (readonly [days: Reach, text: string])[] = [
  [7, 'Studies of the last 7 days'],
  [31, 'Studies of the last month'],
  [92, 'Studies of the last 3 months'],
  [366, 'Studies of the last year'],
  [1827, 'Studies of the last 5 years'],
];

/** That the list does not reach back to the first study, and the way to all of them. */
function Bounded({ reach, rows, total, onAll }: { reach: Reach; rows: number; total: number; onAll(): void }): JSX.Element {
  return (
    <>
      <strong>{t(REACHED.find(([days]) => days === reach)?.[1] ?? '')}</strong>
      {total > rows ? <span className="list-of">{` · ${t('{n} of {all} studies', { n: counted(rows), all: counted(total) })}`}</span> : null}{' '}
      <button type="button" className="list-link" onClick={onAll}>{t('Show all')}</button>
    </>
  );
}

interface NothingProps {
  studies: ReturnType<typeof useStudies>;
  unfiltered: boolean;
  system: SystemInfo | undefined;
  rowHeight: number;
  onClear(): void;
}

function Nothing({ studies, unfiltered, system, rowHeight, onClear }: NothingProps): JSX.Element {
  if (studies.status === 'failed') return <OutOfReach message={studies.message} onRetry={studies.retry} />;
  if (studies.status === 'loading') return <SkeletonRows rowHeight={rowHeight} />;
  return unfiltered ? <EmptyArchive system={system} /> : <NothingFound onClear={onClear} />;
}
