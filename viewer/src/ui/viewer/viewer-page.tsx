// An open study: its series, one pane, tools and panels.

import { ArrowLeft } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState, type JSX } from 'react';
import { formatAge, formatDate } from '../../core/dates';
import type { ViewerPlace } from '../../core/deep-link';
import { text, type DataSet } from '../../core/dicom-json';
import type { DisplaySet } from '../../core/stack';
import type { Point } from '../../core/view';
import type { SeriesEntry } from '../../viewport/study-loader';
import { Mark } from '../parts/mark';
import { navigate, noteAddress } from '../place';
import { useServices } from '../services';
import { ContextMenu } from './context-menu';
import { KeySheet } from './key-sheet';
import { Pane } from './pane';
import { PresetMenu } from './preset-menu';
import { SeriesRail } from './series-rail';
import { TagBrowser } from './tag-browser';
import { exposeTestSeam } from './test-seam';
import { ToolBar } from './tool-bar';
import { useCommands, type PageState } from './use-commands';
import { useStateOf } from './use-signal';
import { createEngine, type ViewerEngine } from './viewer-engine';
import './viewer.css';

const PHONE = '(max-width: 720px)';

function toggleFullScreen(): void {
  const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  change.catch(() => undefined);
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
  const { controller, loader } = engine;
  const study = useStateOf(loader);
  const pane = useStateOf(controller);
  const [page, setPage] = useState<PageState>(() => ({ tool: matchMedia(PHONE).matches ? 'scroll' : 'window', detail: 'all', panel: undefined, drawer: !matchMedia(PHONE).matches, planes: true }));
  const [menu, setMenu] = useState<Point>();
  const change = useCallback((make: (state: PageState) => Partial<PageState>) => setPage((state) => ({ ...state, ...make(state) })), []);

  const open = useCallback(
    async (series: SeriesEntry, set: DisplaySet | undefined, instance = '') => {
      const sets = set ? [set] : await loader.sets(series).catch(() => []);
      const chosen = sets.find((candidate) => instance && candidate.instances.some((i) => i.SOPInstanceUID === instance)) ?? sets[0];
      if (chosen) controller.open(chosen, instance);
      if (matchMedia(PHONE).matches) change(() => ({ drawer: false }));
    },
    [loader, controller, change],
  );

  useEffect(() => {
    let gone = false;
    void loader.load(place.studies, place.series).then(() => {
      const first = loader.firstChoice(place.series);
      if (!gone && first) void open(first, undefined, place.instance);
    });
    return () => {
      gone = true;
    };
    // The place is read once: later changes of series keep the address, not the other way round.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [loader, open]);

  useEffect(() => {
    const id = controller.state().set?.id;
    const newer = study.series.flatMap(({ sets }) => sets ?? []).find((set) => set.id === id);
    if (newer) controller.adopt(newer);
  }, [controller, study]);

  useEffect(() => {
    if (pane.set) noteAddress({ ...place, series: pane.set.SeriesInstanceUID, instance: pane.set.kind === 'stack' ? '' : (pane.set.instances[0]?.SOPInstanceUID ?? '') });
  }, [pane.set, place]);

  const nextSeries = useCallback(
    (by: 1 | -1) => {
      const all = loader.state().series.flatMap((series): [SeriesEntry, DisplaySet | undefined][] => (series.sets ? series.sets.map((set) => [series, set]) : [[series, undefined]]));
      const now = all.findIndex(([, set]) => set?.id === controller.state().set?.id);
      const target = all[now + by];
      if (target) void open(target[0], target[1]);
    },
    [loader, controller, open],
  );

  const actions = useMemo(() => ({ change, series: nextSeries, list: () => navigate({ page: 'list' }), full: toggleFullScreen }), [change, nextSeries]);
  const run = useCommands(controller, actions);

  const instance = pane.set?.pictures[pane.index]?.instance ?? pane.set?.instances[0];
  const canPlay = (pane.set?.pictures.length ?? 0) > 1;
  return (
    <div className="viewer" data-drawer={page.drawer}>
      <header className="viewer-head">
        <button type="button" className="icon-button back" aria-label="Back to the study list" title="Back to the study list" onClick={() => run('study.list')}>
          <ArrowLeft size={18} />
        </button>
        <StudyTitle dataSet={instance?.dataSet} />
        <ToolBar tool={page.tool} playing={pane.playing} canPlay={canPlay} inverted={pane.setting.inverted} presets={<PresetMenu controller={controller} />} run={run} />
      </header>
      <aside className="viewer-rail" aria-label="Series">
        <SeriesRail study={study} current={pane.set} onOpen={(series, set) => void open(series, set)} />
      </aside>
      {page.drawer ? <button type="button" className="drawer-shade" aria-label="Close series" onClick={() => run('panel.series')} /> : null}
      <main className="viewer-main">
        <Pane engine={engine} tool={page.tool} detail={page.detail} planes={page.planes} run={run} onMenu={setMenu} onTags={() => run('panel.tags')} />
        {study.status === 'failed' || study.message ? <StudyMessage message={study.message} onRetry={() => location.reload()} /> : null}
        {menu ? <ContextMenu at={menu} run={run} onClose={() => setMenu(undefined)} /> : null}
      </main>
      {page.panel === 'keys' ? <KeySheet onClose={() => run('panel.keys')} /> : null}
      {page.panel === 'tags' && instance ? <TagBrowser instance={instance} onClose={() => run('panel.tags')} /> : null}
    </div>
  );
}

function StudyTitle({ dataSet }: { dataSet: DataSet | undefined }): JSX.Element {
  const name = text(dataSet, 'PatientName') || text(dataSet, 'PatientID');
  const age = formatAge(text(dataSet, 'PatientBirthDate'), text(dataSet, 'StudyDate'), text(dataSet, 'PatientAge'));
  const under = [formatDate(text(dataSet, 'StudyDate')), text(dataSet, 'StudyDescription')].filter(Boolean).join(' · ');
  useEffect(() => {
    document.title = 'Isocenter viewer';
  }, []);
  return (
    <div className="study-title">
      {dataSet ? (
        <>
          <div className="study-name">
            <strong>{name || 'No name'}</strong>
            <span className="muted">{[age, text(dataSet, 'PatientSex')].filter(Boolean).join(' ')}</span>
          </div>
          <span className="study-under">{under}</span>
        </>
      ) : (
        <Mark size={20} />
      )}
    </div>
  );
}

function StudyMessage({ message, onRetry }: { message: string; onRetry(): void }): JSX.Element {
  return (
    <div className="failed" role="alert">
      <strong>The study cannot be shown</strong>
      <span>{message}</span>
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
