// The objects behind one open viewer page: decoders, pictures in memory, series, panes, measurements. Owns them all.

import { t } from '../../core/language';
import { findPicture } from '../../core/phases';
import type { DisplaySet, Picture } from '../../core/stack';
import { Owner, Signal } from '../../core/lifecycle';
import { unsaved } from '../../core/unsaved';
import { BitmapStore } from '../../viewport/bitmap-store';
import { DecodePool } from '../../viewport/decode/pool';
import { connection } from '../../net/connection';
import { linkRate } from '../../net/link-rate';
import { DraftClient } from '../../net/study-drafts';
import { patient } from '../../net/patient';
import { HangingClient } from '../../net/hanging-client';
import { LocalHangingClient } from '../../net/local-only';
import { Drafts } from '../../viewport/measure/drafts';
import { KeyImages } from '../../viewport/key-images';
import { ExportChoices } from '../../viewport/export/choices';
import { ExportJob } from '../../viewport/export/job';
import { Hanging } from '../../viewport/hanging/session';
import { ReportWatch } from '../../viewport/measure/report-watch';
import type { FusionSession } from '../../viewport/fusion/session';
import type { MeasureSession } from '../../viewport/measure/session';
import type { SubtractionSession } from '../../viewport/subtraction/session';
import type { StructuresSession } from '../../viewport/structures/session';
import type { MprSession } from '../../viewport/mpr/session';
import { PhaseControl } from '../../viewport/phase-control';
import { Previews } from '../../viewport/previews';
import { PictureSources } from '../../viewport/picture-sources';
import { StudyLoader } from '../../viewport/study-loader';
import type { Volume3dSession } from '../../viewport/volume3d/session';
import { WaitingWorker } from '../../viewport/mpr/waiting-worker';
import { planesWanted, type PlanesWanted } from '../../viewport/mpr/wanted';
import { Workspace } from '../../viewport/workspace';
import type { RequestQueue } from '../../net/queue';
import type { Services } from '../services';
import { MprBar, VolumePane } from './bars';

const MEBIBYTE = 2 ** 20;
/** How long planes take to be on the screen once they are handed to the panes, in ms. */
const DRAWING = 50;

/** Bytes of pictures kept: an eighth of the memory the browser admits to, 1 GiB at most. */
function memoryBudget(): number {
  const gibibytes = (navigator as { deviceMemory?: number }).deviceMemory ?? 4;
  return Math.min(1024, Math.max(192, gibibytes * 128)) * MEBIBYTE;
}

export interface ViewerEngine {
  store: BitmapStore;
  loader: StudyLoader;
  workspace: Workspace;
  hanging: Hanging;
  measure: Late<MeasureSession>;
  structures: Late<StructuresSession>;
  drafts: Drafts;
  keys: KeyImages;
  mpr: MprHolder;
  volume3d: VolumeHolder;
  previews: Previews;
  /** Series that lie over others. */
  fusion: Late<FusionSession>;
  /** Frames less a mask. */
  subtraction: Late<SubtractionSession>;
  /** All that a pane can show: stored frames, planes, differences. */
  sources: PictureSources;
  phases: PhaseControl;
  exporting: ExportChoices;
  /** The file that is being made. */
  job: ExportJob;
  client: Services['client'];
  pool: DecodePool;
  worker: WaitingWorker;
  dispose(): void;
}

/** Something whose code is fetched when it is first wanted. */
export class Late<T> {
  readonly changed = new Signal();
  private value: T | undefined;
  private coming: Promise<T> | undefined;

  constructor(private readonly make: () => Promise<T>) {}

  readonly state = (): T | undefined => this.value;

  want(): Promise<T> {
    this.coming ??= patient(this.make)().then((value) => {
      this.value = value;
      this.changed.emit();
      return value;
    });
    return this.coming;
  }
}

/** Something that takes the panes' place while it is open. */
export class Holder<T extends { dispose(): void }> {
  readonly changed = new Signal();
  private session: T | undefined;
  private opening = false;

  constructor(private readonly open: () => Promise<T | string>) {}

  readonly state = (): T | undefined => this.session;

  /** Enters or leaves; returns why it cannot enter, else "". */
  async toggle(): Promise<string> {
    if (this.opening || this.leave()) return '';
    this.opening = true;
    const made = await this.open().finally(() => {
      this.opening = false;
    });
    if (typeof made === 'string') return made;
    this.session = made;
    this.opened(made);
    this.changed.emit();
    return '';
  }

  /** Returns whether there was anything to leave. */
  leave(): boolean {
    const { session } = this;
    if (!session) return false;
    this.session = undefined;
    this.left(session);
    this.changed.emit();
    return true;
  }

  dispose(): void {
    this.session?.dispose();
    this.session = undefined;
  }

  protected opened(_: T): void {
    return;
  }

  protected left(session: T): void {
    session.dispose();
  }
}

/** The volume that is open in three dimensions, if one is; what lies below takes over its phase. */
export class VolumeHolder extends Holder<Volume3dSession> {
  constructor(
    open: () => Promise<Volume3dSession | string>,
    private readonly leftAt: (phase: number) => void,
  ) {
    super(open);
  }

  protected override left(session: Volume3dSession): void {
    super.left(session);
    if (session.source.phases) this.leftAt(session.state().phase);
  }
}

/** The volume that is open as three planes, if one is. */
export class MprHolder extends Holder<MprSession> {
  /** What every plane must say of itself: slab, how much of the volume is there; a line each. */
  readonly notes = { changed: new Signal(), state: (): string => this.said };
  private said = '';

  protected override opened(session: MprSession): void {
    session.changed.listen(() => this.say());
    this.say();
  }

  protected override left(session: MprSession): void {
    session.leave();
  }

  private say(): void {
    const now = this.state()?.notes() ?? '';
    if (now === this.said) return;
    this.said = now;
    this.notes.changed.emit();
  }
}

/** Fetches what the next key press may want, once the browser has nothing better to do. */
export function warmUp({ worker }: ViewerEngine): void {
  worker.prepare();
  for (const code of [import('../../viewport/mpr/session'), import('../../core/volume'), import('../../viewport/mpr/where'), MprBar.fetch()]) code.catch(() => undefined);
}

async function openVolume3d({ store, previews, client }: Pick<ViewerEngine, 'store' | 'previews' | 'client'>, queue: RequestQueue, source: DisplaySet | undefined): Promise<Volume3dSession | string> {
  if (!source) return t('No series is open');
  const preview = previews.get(source, 'interaction');
  preview.catch(() => undefined);
  const [{ Volume3dSession }, { volumeOf }] = await Promise.all([import('../../viewport/volume3d/session'), import('../../core/volume'), VolumePane.fetch()]);
  const answer = volumeOf(source);
  const archive = client.local || source.phases ? undefined : { client, queue };
  return 'reason' in answer ? t('This series is no volume: {reason}', { reason: answer.reason }) : new Volume3dSession(source, answer.volume, store, preview, archive);
}

async function openVolume({ workspace, store, previews, worker, client, measure }: Pick<ViewerEngine, 'workspace' | 'store' | 'previews' | 'worker' | 'client' | 'measure'>, sources: PictureSources, queue: RequestQueue, planes: PlanesWanted): Promise<MprSession | string> {
  const { set } = workspace.active.state();
  if (!set) return t('No series is open');
  const preview = previews.get(set, 'interaction');
  preview.catch(() => undefined);
  const [{ MprSession }, { KeptPath }, { volumeOf }, { drawsPlanes }] = await Promise.all([import('../../viewport/mpr/session'), import('../../viewport/mpr/kept-path'), import('../../core/volume'), import('../../viewport/mpr/where'), MprBar.fetch()]);
  // Which phase is meant cannot be said to the archive, and local files are not there.
  const server = client.local || set.phases ? undefined : { client, queue };
  const answer = server ? volumeOf(set, Infinity) : volumeOf(set);
  if ('reason' in answer) return t('This series is no volume: {reason}', { reason: answer.reason });
  const atServer = server !== undefined && drawsPlanes(answer.volume, planes) === 'server';
  return new MprSession(workspace, store, sources, set, answer.volume, { worker: () => worker.take(), preview, server, atServer, kept: new KeptPath(measure, answer.volume.pictures[0] as Picture) }).open();
}

/** Nothing is fetched or decoded ahead until the planes are drawn: it would take their processor. */
async function alone<T>(queue: RequestQueue, work: () => Promise<T>): Promise<T> {
  const release = queue.hold();
  return work().finally(() => setTimeout(release, DRAWING));
}

const setsOf = (loader: StudyLoader): DisplaySet[] => loader.state().series.flatMap(({ sets }) => sets ?? []);

/** A stored picture of the open studies. */
function pictureIn(loader: StudyLoader, id: string): Picture | undefined {
  for (const set of setsOf(loader)) {
    const found = findPicture(set, (picture) => picture.id === id);
    if (found) return found.set.pictures[found.index];
  }
  return undefined;
}

export function createEngine({ client, queue, local }: Services): ViewerEngine {
  const owner = new Owner();
  const pool = new DecodePool();
  owner.own(() => pool.dispose());
  const link = linkRate();
  owner.own(link.watch());
  const store = new BitmapStore(client, queue, pool, memoryBudget(), link.rate);
  owner.own(() => store.dispose());
  const loader = new StudyLoader(client);
  owner.own(() => loader.dispose());
  const sources = new PictureSources(store);
  const workspace = new Workspace(sources);
  owner.own(() => workspace.dispose());
  const hanging = new Hanging(workspace, loader, client, client.local ? new LocalHangingClient() : new HangingClient());
  owner.own(() => hanging.dispose());
  const measure = new Late(() => import('../../viewport/measure/session').then(({ MeasureSession }) => new MeasureSession((id) => pictureIn(loader, id), { store, sets: () => setsOf(loader), upperSuv: (set) => fusion.state()?.of(set)?.state().setting.suv })));
  const structures = new Late(() => import('../../viewport/structures/session').then(({ StructuresSession }) => new StructuresSession(loader, workspace, store, client, queue)));
  owner.own(() => structures.state()?.dispose());
  const reports = new ReportWatch(loader, measure);
  owner.own(() => reports.dispose());
  const drafts = new Drafts(client.local ? local.measurements : new DraftClient('measurements'), measure);
  owner.own(() => drafts.dispose());
  owner.own(unsaved.add(async () => ((await drafts.flush()) ? '' : drafts.state() || t('Not everything is saved yet: try again'))));
  owner.own(unsaved.add(() => (structures.state()?.editing()?.state().dirty ? t('The segmentation being painted is not stored yet.') : '')));
  const keys = new KeyImages(client.local ? local.keyImages : new DraftClient('key-images'), loader);
  owner.own(() => keys.dispose());
  const previews = new Previews(client, queue);
  const worker = new WaitingWorker();
  owner.own(() => worker.dispose());
  const fusion = new Late(() =>
    import('../../viewport/fusion/session').then(({ FusionSession }) => {
      const made = new FusionSession(workspace, store, previews);
      owner.own(() => made.dispose());
      return made;
    }),
  );
  const subtraction = new Late(() => import('../../viewport/subtraction/session').then(({ SubtractionSession }) => new SubtractionSession(workspace, store, sources)));
  const job = new ExportJob();
  owner.own(() => job.cancel());
  const engine = { store, sources, subtraction, loader, workspace, hanging, measure, structures, drafts, keys, previews, fusion, exporting: new ExportChoices(), job, client, pool, worker, dispose: () => owner.dispose() };
  const planes = planesWanted();
  const mpr = new MprHolder(() => alone(queue, () => openVolume(engine, sources, queue, planes)));
  owner.own(() => mpr.dispose());
  const source = (): DisplaySet | undefined => {
    const planes = mpr.state();
    return planes ? (planes.source.phases?.sets[planes.state().phase] ?? planes.source) : workspace.active.state().set;
  };
  const volume3d: VolumeHolder = new VolumeHolder(() => openVolume3d(engine, queue, source()), (phase) => phases.goTo(phase));
  owner.own(() => volume3d.dispose());
  owner.own(
    connection.restored.listen(() => {
      store.forgetUnanswered();
      for (const { controller } of workspace.state().cells) controller.resume();
    }),
  );
  const phases = new PhaseControl(workspace, sources, [volume3d, mpr]);
  owner.own(() => phases.dispose());
  return { ...engine, mpr, volume3d, phases };
}
