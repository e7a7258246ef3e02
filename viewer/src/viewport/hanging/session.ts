// Hangs the open study: chooses a protocol, puts its stages into the panes, fetches a prior when a stage wants one, and
// keeps what a user has arranged as the protocol of this kind of study.

import { candidatesOf, kindOf, type Candidate, type StudyKind } from '../../core/hanging/features';
import { firstStage, hang, isComplete, needsPrior, protocolsFor, type Protocol, type Slot } from '../../core/hanging/protocol';
import { PROTOCOLS } from '../../core/hanging/protocols';
import { protocolOf, type SavedPane } from '../../core/hanging/save';
import type { ColourMapId } from '../../core/colour-maps';
import { text } from '../../core/dicom-json';
import { t } from '../../core/language';
import { Signal } from '../../core/lifecycle';
import { priorKeys, priorsOf } from '../../core/priors';
import { FIT } from '../../core/view';
import type { DicomWebClient } from '../../net/dicomweb';
import type { HangingClient } from '../../net/hanging-client';
import type { StudyLoader } from '../study-loader';
import type { Cell, Workspace } from '../workspace';
import { Breasts } from './breasts';

export interface HangingState {
  kind: StudyKind | undefined;
  /** Protocols for this kind of study, the closest first. */
  offered: readonly Protocol[];
  protocol: Protocol | undefined;
  stage: number;
}

/** Priors whose body part is looked up, and studies asked for. */
const MOST_PEEKED = 3;
const MOST_PRIORS = 50;

export class Hanging {
  readonly changed = new Signal();
  private current: HangingState = { kind: undefined, offered: [], protocol: undefined, stage: 0 };
  private candidates: readonly Candidate[] = [];
  private prior: readonly Candidate[] | undefined;
  private saved: Promise<Protocol[]> | undefined;
  private breasts: Breasts | undefined;

  constructor(
    private readonly workspace: Workspace,
    private readonly loader: StudyLoader,
    private readonly client: DicomWebClient,
    private readonly store: HangingClient,
  ) {}

  readonly state = (): HangingState => this.current;

  /** Begins to read what users have saved. */
  prepare(): void {
    this.saved ??= this.store.read().catch(() => []);
  }

  /** Gets to know the studies, the newest of which is the current one; then hangs them if asked to. False: nothing was hung. */
  async start(studies: readonly string[], show: boolean): Promise<boolean> {
    this.prepare();
    const all = studies.map((study) => candidatesOf(this.loader.allSets(study))).filter((one) => one.length > 0).sort(newestFirst);
    this.candidates = all[0] ?? [];
    this.prior = all[1];
    const saved = (await this.saved) ?? [];
    const kind = kindOf(this.candidates);
    this.update({ kind, offered: protocolsFor(kind, [...saved, ...PROTOCOLS]) });
    return show && this.candidates.length > 0 ? this.hangFirst() : false;
  }

  /** Shows a stage; returns why it cannot, else "". */
  async choose(id: string, stage = 0): Promise<string> {
    const protocol = this.current.offered.find((one) => one.id === id);
    const wanted = protocol?.stages[stage];
    if (!protocol || !wanted) return '';
    if (needsPrior(wanted) && !this.prior) this.prior = await this.findPrior();
    if (needsPrior(wanted) && !this.prior) return t('There is no older study of this kind');
    this.show(protocol, stage);
    return '';
  }

  /** The next or previous stage that has something to show, round and round. */
  async step(by: 1 | -1): Promise<string> {
    const { protocol, stage, offered } = this.current;
    const chosen = protocol ?? offered[0];
    if (!chosen) return t('No hanging protocol fits this study');
    const count = chosen.stages.length;
    for (let turn = 1; turn <= count; turn++) {
      const index = (((protocol ? stage : -by) + by * turn) % count + count) % count;
      if (this.isOffered(chosen, index)) return this.choose(chosen.id, index);
    }
    return t('This protocol has no other stage for this study');
  }

  /** Whether a stage finds what it wants; of a prior not yet looked for that is not known. */
  isOffered(protocol: Protocol, stage: number): boolean {
    const one = protocol.stages[stage];
    return one !== undefined && (protocol.saved === true || isComplete(one, this.candidates, this.prior));
  }

  /** Keeps what is on screen for studies of this kind. */
  async save(): Promise<void> {
    const { rows, columns, cells, links } = this.workspace.state();
    const { kind } = this.current;
    if (!kind?.modality) throw new Error(t('Only studies with images have a hanging protocol'));
    const protocol = protocolOf({ rows, columns, links, panes: cells.map((cell) => this.paneOf(cell)) }, kind);
    await this.store.write(protocol);
    this.saved = undefined;
    await this.offerAnew(protocol.id);
  }

  /** Forgets what was saved for this kind of study; what the viewer brings holds again. */
  async reset(): Promise<string> {
    const saved = this.current.offered.find((protocol) => protocol.saved);
    if (!saved) return t('Nothing was saved for this kind of study');
    await this.store.remove(saved.id);
    this.saved = undefined;
    await this.offerAnew('');
    await this.hangFirst();
    return '';
  }

  /** Another layout was chosen: no protocol holds any more. */
  leave(): void {
    this.breasts?.dispose();
    if (this.current.protocol) this.update({ protocol: undefined });
  }

  dispose(): void {
    this.breasts?.dispose();
  }

  private async offerAnew(id: string): Promise<void> {
    this.prepare();
    const { kind } = this.current;
    const offered = kind ? protocolsFor(kind, [...((await this.saved) ?? []), ...PROTOCOLS]) : [];
    this.update({ offered, protocol: offered.find((protocol) => protocol.id === id), stage: 0 });
  }

  private async hangFirst(): Promise<boolean> {
    for (const protocol of this.current.offered) {
      if (protocol.modality === '' && !this.prior) continue;
      const beside = this.prior ? protocol.stages.findIndex((stage, index) => needsPrior(stage) && this.isOffered(protocol, index)) : -1;
      const index = beside >= 0 ? beside : firstStage(protocol, this.candidates, this.prior);
      if (index === undefined) continue;
      if ((await this.choose(protocol.id, index)) === '') return true;
    }
    return false;
  }

  private show(protocol: Protocol, index: number): void {
    const stage = protocol.stages[index];
    if (!stage) return;
    const { workspace } = this;
    const hung = hang(stage, this.candidates, this.prior ?? []);
    this.breasts?.dispose();
    workspace.quietly(() => {
      workspace.arrange(stage.rows, stage.columns);
      workspace.state().cells.forEach(({ controller }, at) => put(controller, hung[at], stage.slots[at]));
      workspace.activate(Math.max(0, hung.findIndex(Boolean)));
    });
    if (stage.links) workspace.link(stage.links);
    const shown = workspace.state().cells.flatMap(({ controller }, at) => (hung[at] ? [{ controller, candidate: hung[at] }] : []));
    this.breasts = new Breasts(shown, (work) => workspace.quietly(work));
    this.update({ protocol, stage: index });
  }

  /** The newest older study of the same modality, and of the same part of the body where both say which. */
  private async findPrior(): Promise<Candidate[] | undefined> {
    const { kind } = this.current;
    const patient = this.candidates[0]?.picture.instance.dataSet;
    const keys = priorKeys(patient);
    if (!patient || !keys || !kind) return undefined;
    const answers = await this.client.searchStudies(keys, MOST_PRIORS, 0).catch(() => []);
    const own = text(patient, 'StudyInstanceUID');
    const when = `${text(patient, 'StudyDate')}${text(patient, 'StudyTime')}`;
    const older = priorsOf(answers, patient, new Set([own])).filter((prior) => prior.modalities.includes(kind.modality) && prior.when <= when);
    for (const { StudyInstanceUID } of older.slice(0, MOST_PEEKED)) {
      const found = candidatesOf(await this.loader.peek(StudyInstanceUID).catch(() => []));
      const { bodyPart } = kindOf(found);
      if (found.length === 0 || (bodyPart && kind.bodyPart && bodyPart !== kind.bodyPart)) continue;
      await this.loader.add(StudyInstanceUID);
      return found;
    }
    return undefined;
  }

  private paneOf({ controller }: Cell): SavedPane {
    const { set, index, setting, view } = controller.state();
    const picture = set?.pictures[index];
    const own = text(this.candidates[0]?.picture.instance.dataSet, 'StudyInstanceUID');
    const candidate = set && candidatesOf([set]).find((one) => !one.single || one.picture === picture);
    return { candidate, study: set && set.StudyInstanceUID !== own ? 'prior' : 'current', setting, pose: view };
  }

  private update(change: Partial<HangingState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

function newestFirst(a: readonly Candidate[], b: readonly Candidate[]): number {
  const when = ([first]: readonly Candidate[]): string => `${text(first?.picture.instance.dataSet, 'StudyDate')}${text(first?.picture.instance.dataSet, 'StudyTime')}`;
  return when(b).localeCompare(when(a));
}

function put(controller: Cell['controller'], candidate: Candidate | undefined, slot: Slot | null | undefined): void {
  if (!candidate) {
    controller.close();
    return;
  }
  controller.open(candidate.set, candidate.single ? candidate.picture.instance.SOPInstanceUID : '');
  if (slot?.pose) controller.setView({ ...FIT, ...slot.pose });
  if (slot?.look) controller.follow({ choice: slot.look.choice, inverted: slot.look.inverted, ...(slot.look.map ? { map: slot.look.map as ColourMapId } : {}) });
}
