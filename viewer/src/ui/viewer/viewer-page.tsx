// An open study: its series, one pane, tools and panels.

import { ArrowLeft, Eye, EyeOff, Star } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type JSX } from 'react';
import { formatAge, formatDate } from '../../core/dates';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import type { ViewerPlace } from '../../core/deep-link';
import type { DisplaySet } from '../../core/stack';
import { text, type DataSet } from '../../core/dicom-json';
import { firstTool, type Tool } from '../../core/gesture';
import { t } from '../../core/language';
import type { Point } from '../../core/view';
import type { SeriesEntry, StudyState } from '../../viewport/study-loader';
import type { KeyState } from '../../viewport/key-images';
import type { Cell, WorkspaceState } from '../../viewport/workspace';
import { connection } from '../../net/connection';
import { Mark } from '../parts/mark';
import type { Uploads } from '../uploads';
import { openNeighbour } from '../neighbours';
import { navigate } from '../place';
import { useServices } from '../services';
import { settings } from '../settings';
import { Announcer } from './announcer';
import { Bars } from './bars';
import { ContextMenu } from './context-menu';
import { Dialogs } from './dialogs';
import { HangingMenu } from './hanging-menu';
import { JobNote } from './job-note';
import { Pane } from './pane';
import { PresetMenu } from './preset-menu';
import { PriorsList } from './priors-list';
import { applyState, openStudyBeside } from './references';
import { SaveNote } from './save-note';
import { SeriesRail } from './series-rail';
import { showOver, useStructures } from './show-over';
import { exposeTestSeam } from './test-seam';
import { ToolBar } from './tool-bar';
import { useCommands, type PageState } from './use-commands';
import { ownId, PHONE, useOpening } from './use-opening';
import { useSaid } from './use-said';
import { useStateOf } from './use-signal';
import { copyLink, useAddress } from './use-address';
import { useAhead } from './use-ahead';
import { createEngine, type ViewerEngine } from './viewer-engine';
import './viewer.css';
import './narrow.css';
import { patient } from '../../net/patient';

function toggleFullScreen(): void {
  const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  change.catch(() => undefined);
}

const CurvePanel = lazy(patient(() => import('./curve-panel').then((module) => ({ default: module.CurvePanel }))));
const CalibrationDialog = lazy(patient(() => import('./calibration-dialog').then((module) => ({ default: module.CalibrationDialog }))));
const MeasurePanel = lazy(patient(() => import('./measure-panel').then((module) => ({ default: module.MeasurePanel }))));

const StructuresPanel = lazy(patient(() => import('./structures-panel').then((module) => ({ default: module.StructuresPanel }))));

/** What becomes of files for the archive is told on the study list. */
function storeFrom(uploads: Uploads, folder: boolean): void {
  navigate({ page: 'list' });
  uploads.pick(folder);
}

export function ViewerPage({ place }: { place: ViewerPlace }): JSX.Element {
  const services = useServices();
  const [engine] = useState(() => createEngine(services));
  useEffect(() => {
    const hide = exposeTestSeam(engine);
    return () => {
      hide();
      engine.dispose();
    };
  }, [engine]);
  return <OpenStudy engine={engine} place={place} />;
}

function OpenStudy({ engine, place }: { engine: ViewerEngine; place: ViewerPlace }): JSX.Element {
  const { workspace, loader, client } = engine;
  const { local, uploads } = useServices();
  const study = useStateOf(loader);
  const layout = useStateOf(workspace);
  const pane = useStateOf(workspace.active);
  const volume3d = useStateOf(engine.volume3d);
  const exporting = useStateOf(engine.exporting);
  const { keys, seen } = useSeen(engine, study, pane.set);
  const [page, setPage] = useState<PageState>(firstPage);
  const [menu, setMenu] = useState<Point>();
  const change = useCallback((make: (state: PageState) => Partial<PageState>) => setPage((state) => ({ ...state, ...make(state) })), []);
  const { begin, open, drop, arrange, next, first, fuse } = useOpening(engine, change);

  useEffect(() => {
    void begin(place);
    // A study that could not be read is read when the archive answers again.
    return connection.restored.listen(() => {
      if (loader.state().status === 'failed') void begin(place);
    });
    // The place is read once: later changes of series keep the address, not the other way round.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [begin]);

  const { set } = pane;
  const studies = useMemo(() => studiesOf(study), [study]);
  useAhead(engine, pane, studies);
  useAddress(place, set, layout);
  useStructures(engine, study);

  const latest = useRef(page);
  useEffect(() => {
    latest.current = page;
  });
  const actions = useMemo(() => ({ change, series: next, first, fuse, list: () => navigate({ page: 'list' }), link: () => void copyLink(place, workspace.active.state(), workspace.state()).then((note) => change(() => ({ note }))), study: (by: 1 | -1) => void openNeighbour(client, place, by).then((note) => change(() => ({ note }))), pick: (folder: boolean) => local.pick(folder), upload: (folder: boolean) => storeFrom(uploads, folder), full: toggleFullScreen, planes: () => latest.current.planes, tool: () => latest.current.tool }), [change, next, first, fuse, local, uploads, client, workspace, place]);
  const run = useCommands(engine, actions);

  const over = useCallback(
    (set: DisplaySet) => {
      showOver(engine, set, open).then((note) => change(() => ({ note })), () => undefined);
    },
    [engine, open, change],
  );

  const beside = useCallback(
    (uid: string) => {
      engine.volume3d.leave();
      engine.mpr.leave();
      openStudyBeside(engine, uid).catch((error: unknown) => change(() => ({ note: error instanceof Error ? error.message : t('The study cannot be opened') })));
    },
    [engine, change],
  );

  useStateOf(settings);
  const hangStage = useCallback(
    (id: string, stage: number) => {
      engine.volume3d.leave();
      engine.mpr.leave();
      void engine.hanging.choose(id, stage).then((note) => change(() => ({ note })));
    },
    [engine, change],
  );

  const instance = pane.set?.pictures[pane.index]?.instance ?? pane.set?.instances[0];
  const canPlay = (pane.set?.pictures.length ?? 0) > 1;
  return (
    <div className="viewer" data-drawer={page.drawer}>
      <header className="viewer-head">
        <button type="button" className="icon-button back" aria-label={t('Back to the study list')} title={t('Back to the study list')} onClick={() => run('study.list')}>
          <ArrowLeft size={18} />
        </button>
        <StudyTitle dataSet={instance?.dataSet} local={client.local} run={run} />
        <ToolBar
          tool={page.tool}
          workspace={layout}
          inVolume={volume3d !== undefined}
          layoutAsked={page.layoutAsked}
          onLayout={arrange}
          playing={pane.playing}
          canPlay={canPlay}
          inverted={pane.setting.inverted}
          exporting={exporting}
          onQuality={(quality) => engine.exporting.setQuality(quality)}
          hanging={(close) => <HangingMenu hanging={engine.hanging} run={run} onChoose={hangStage} close={close} />}
          presets={<PresetMenu controller={workspace.active} onState={(state) => void applyState(engine, workspace.active, state)} />}
          run={run}
        />
      </header>
      <aside className="viewer-rail" aria-label={t('Series')}>
        {client.local ? <div className="local-banner" role="note">{t('Local files: nothing is uploaded. Measurements, key images and reports are not stored; pictures, CSV and JSON can be saved.')}</div> : null}
        <SeriesRail study={{ ...study, series: seen }} marks={keys.marks} current={pane.set} shown={shownSets(layout)} onOpen={open} onFuse={(base, overlay) => fuse([base, overlay])} structures={engine.structures} onOver={over} />
        <PriorsList patient={instance?.dataSet} open={studies} onOpen={beside} />
      </aside>
      {page.drawer ? <button type="button" className="drawer-shade" aria-label={t('Close series')} onClick={() => run('panel.series')} /> : null}
      <main className="viewer-main">
        <h1 className="visually-hidden">{t('Isocenter viewer')}</h1>
        <PaneGrid layout={layout}>
          {(cell, index) => (
            <Pane
              key={cell.id}
              engine={engine}
              cell={cell}
              active={index === layout.active && layout.cells.length > 1}
              hidden={layout.maximised && index !== layout.active}
              tool={page.tool}
              detail={page.detail}
              {...{ planes: page.planes, magnifier: page.magnifier }}
              run={run}
              onMenu={setMenu}
              say={(note) => change(() => ({ note }))}
              onTags={() => run('panel.tags')}
              onDrop={(id) => drop(index, id)}
            />
          )}
        </PaneGrid>
        {study.status === 'failed' || study.message ? <StudyMessage message={study.message} onRetry={() => location.reload()} /> : null}
        <Bars engine={engine} tool={page.tool} run={run} />
        <Announcer key={layout.active} controller={workspace.active} />
        <KeyNote only={keys.only} onAll={() => run('key.only')} />
        {page.note ? <div className="page-note" role="alert">{page.note}</div> : null}
        <JobNote job={engine.job} />
        <SidePanel panel={page.panel} tool={page.tool} engine={engine} study={study} open={open} run={run} />
        <SaveNote drafts={engine.drafts} />
        {menu ? <ContextMenu at={menu} run={run} onClose={() => setMenu(undefined)} /> : null}
      </main>
      <Calibrating engine={engine} onDone={() => change(() => ({ tool: 'length' }))} />
      <Dialogs engine={engine} panel={page.panel} instance={instance} run={run} say={(note) => change(() => ({ note }))} onClose={() => change(() => ({ panel: undefined }))} />
    </div>
  );
}

/** Asks how long a drawn line is, once measuring has begun. */
function Calibrating({ engine, onDone }: { engine: ViewerEngine; onDone(): void }): JSX.Element | null {
  const session = useStateOf(engine.measure);
  return session ? (
    <Suspense fallback={null}>
      <CalibrationDialog session={session} onDone={onDone} />
    </Suspense>
  ) : null;
}

interface SideProps {
  tool: Tool;
  panel: PageState['panel'];
  engine: ViewerEngine;
  study: StudyState;
  open(series: SeriesEntry, set: DisplaySet | undefined): void;
  run(name: CommandName): void;
}

/** What stands beside the pictures and leaves them in use. */
function SidePanel({ panel, tool, engine, study, open, run }: SideProps): JSX.Element | null {
  const measure = useStateOf(engine.measure);
  const structures = useStateOf(engine.structures);
  const show = (series: SeriesEntry, set: DisplaySet, index: number): void => {
    open(series, set);
    engine.workspace.active.goTo(index);
  };
  return (
    <Suspense fallback={null}>
      {panel === 'measures' ? <MeasurePanel session={measure} study={study} onSign={() => engine.drafts.sign().finally(() => void engine.loader.refresh().catch(() => undefined))} onShow={show} onClose={() => run('measure.list')} /> : null}
      {panel === 'curve' ? <CurvePanel engine={engine} onClose={() => run('time.curve')} /> : null}
      {panel === 'structures' ? <StructuresPanel session={structures} tool={tool} active={engine.workspace.active} run={run} /> : null}
    </Suspense>
  );
}

/** The series as they are to be shown, all of them or the key images alone, and newer states of them in the panes. */
function useSeen({ keys, workspace }: ViewerEngine, study: StudyState, set: DisplaySet | undefined): { keys: KeyState; seen: SeriesEntry[] } {
  const state = useStateOf(keys);
  const seen = keys.seen(study.series);
  useEffect(() => workspace.adopt(seen.flatMap(({ sets }) => sets ?? [])), [workspace, seen, set]);
  return { keys: state, seen };
}

const firstPage = (): PageState => {
  const phone = matchMedia(PHONE).matches;
  return { tool: firstTool(settings.state().pointer, phone), detail: 'all', panel: undefined, drawer: !phone, planes: true, magnifier: false, layoutAsked: 0, note: '' };
};

const studiesOf = ({ series }: StudyState): ReadonlySet<string> => new Set(series.map(({ StudyInstanceUID }) => StudyInstanceUID));
const shownSets = ({ cells }: WorkspaceState): ReadonlySet<string> => new Set(cells.map(({ controller }) => ownId(controller.state().set) ?? ''));

function PaneGrid({ layout, children }: { layout: WorkspaceState; children(cell: Cell, index: number): JSX.Element }): JSX.Element {
  const { rows, columns, arrangement, maximised, cells } = layout;
  const style = maximised || arrangement !== 'grid' ? undefined : { gridTemplate: `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))` };
  return (
    <div className="panes" data-arrangement={maximised ? 'one' : arrangement} data-several={cells.length > 1} style={style}>
      {cells.map(children)}
    </div>
  );
}

function StudyTitle({ dataSet, local, run }: { dataSet: DataSet | undefined; local: boolean; run(name: CommandName): void }): JSX.Element {
  const { names } = useStateOf(settings);
  const name = text(dataSet, 'PatientName') || text(dataSet, 'PatientID');
  const age = formatAge(text(dataSet, 'PatientBirthDate'), text(dataSet, 'StudyDate'), text(dataSet, 'PatientAge'));
  const under = useSaid()([formatDate(text(dataSet, 'StudyDate')), text(dataSet, 'StudyDescription')].filter(Boolean).join(' · '), dataSet);
  useEffect(() => {
    document.title = t('Isocenter viewer');
  }, []);
  return (
    <div className="study-title">
      {dataSet ? (
        <>
          <div className="study-name">
            {local ? <span className="local-badge" title={t('The files stay on this computer: nothing is uploaded')} data-testid="local-badge">{t('Local')}</span> : null}
            <strong>{names ? name || t('No name') : t('Name hidden')}</strong>
            <span className="muted">{[age, text(dataSet, 'PatientSex')].filter(Boolean).join(' ')}</span>
            <button type="button" className="name-button" aria-label={titleOf('panel.names')} aria-pressed={!names} title={`${titleOf('panel.names')}  ${keyLabel('panel.names')}`} onClick={() => run('panel.names')}>
              {names ? <Eye size={14} aria-hidden="true" /> : <EyeOff size={14} aria-hidden="true" />}
            </button>
          </div>
          <span className="study-under">{under}</span>
        </>
      ) : (
        <Mark size={20} />
      )}
    </div>
  );
}

function KeyNote({ only, onAll }: { only: boolean; onAll(): void }): JSX.Element | null {
  if (!only) return null;
  return (
    <div className="key-note" role="status">
      <Star size={14} fill="currentColor" aria-hidden="true" /> {t('Key images only')}
      <button type="button" className="button" title={`${t('Show all images')}  ${keyLabel('key.only')}`} onClick={onAll}>
        {t('Show all')}
      </button>
    </div>
  );
}

function StudyMessage({ message, onRetry }: { message: string; onRetry(): void }): JSX.Element {
  return (
    <div className="failed" role="alert">
      <strong>{t('The study cannot be shown')}</strong>
      <span>{message}</span>
      <button type="button" className="button" onClick={onRetry}>
        {t('Try again')}
      </button>
    </div>
  );
}
