// The series of the studies on screen: all from one document a study, their display sets made one after another, the wanted
// first; afterwards asked for again from time to time, so that a study that still arrives grows by itself.

import { number, text, type DataSet } from '../core/dicom-json';
import { t } from '../core/language';
import { Signal } from '../core/lifecycle';
import { seriesHead, seriesMetadata, type SeriesOpening } from '../core/opening';
import { withStates } from '../core/presentation-state';
import { seriesSets } from '../core/series';
import { showsPictures, type DisplaySet } from '../core/stack';
import type { DicomWebClient } from '../net/dicomweb';
import { DICOM_WEB } from '../net/site';

export interface SeriesEntry {
  StudyInstanceUID: string;
  StudyDate: string;
  StudyDescription: string;
  SeriesInstanceUID: string;
  modality: string;
  number: number | undefined;
  description: string;
  instances: number;
  sets: DisplaySet[] | undefined;
  error: string;
  /** Its first data set: who the patient is. */
  about: DataSet;
}

export interface StudyState {
  series: SeriesEntry[];
  status: 'loading' | 'ready' | 'failed';
  message: string;
}

/** Time between two looks for new objects, in ms: soon after a change, seldomer the longer nothing comes. */
const SOONEST = 3000;
const SELDOMEST = 30_000;

interface Known {
  opening: SeriesOpening;
  sets: DisplaySet[] | undefined;
}

export class StudyLoader {
  readonly changed = new Signal();
  private current: StudyState = { series: [], status: 'loading', message: '' };
  private readonly known = new Map<string, Known>();
  private readonly peeked = new Map<string, SeriesEntry[]>();
  private readonly etags = new Map<string, string>();
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pace = SOONEST;
  private studies: readonly string[] = [];

  constructor(private readonly client: DicomWebClient) {}

  readonly state = (): StudyState => this.current;

  /** Reads the studies. The display sets of `wanted` are made first, else of the first series that shows pictures. */
  async load(studies: readonly string[], wanted: string): Promise<void> {
    this.studies = studies;
    try {
      const series = (await Promise.all(studies.map((study) => this.read(study)))).flat();
      this.update({ series, status: 'ready', message: series.length === 0 ? t('The archive holds no series of this study') : '' });
    } catch (error) {
      if (this.controller.signal.aborted) return;
      this.update({ ...this.current, status: 'failed', message: error instanceof Error ? error.message : t('The study cannot be read') });
      return;
    }
    const first = this.firstChoice(wanted);
    if (first) this.sets(first);
    void this.makeRest().then(() => this.later());
  }

  /** Opens a further study behind those that are open; its series, in their order. */
  async add(study: string): Promise<SeriesEntry[]> {
    if (!this.studies.includes(study)) {
      const series = await this.read(study);
      this.studies = [...this.studies, study];
      this.update({ ...this.current, series: [...this.current.series, ...series] });
      void this.makeRest();
    }
    return this.current.series.filter(({ StudyInstanceUID }) => StudyInstanceUID === study);
  }

  /** Looks once for new series and new objects; true if there were any. */
  async refresh(): Promise<boolean> {
    const before = new Set(this.known.values());
    const series = (await Promise.all(this.studies.map((study) => this.read(study)))).flat();
    const grown = series.filter(({ SeriesInstanceUID }) => !before.has(this.known.get(SeriesInstanceUID) as Known));
    if (grown.length === 0) return false;
    this.update({ series, status: 'ready', message: '' });
    for (const one of grown) this.sets(one);
    return true;
  }

  firstChoice(wanted: string): SeriesEntry | undefined {
    const { series } = this.current;
    return series.find((s) => s.SeriesInstanceUID === wanted) ?? series.find((s) => showsPictures(s.modality)) ?? series[0];
  }

  /** The display sets of a series, made if they are not yet; none of what cannot be read, which the entry then says. */
  sets({ SeriesInstanceUID }: SeriesEntry): DisplaySet[] {
    const known = this.known.get(SeriesInstanceUID);
    if (!known) return [];
    if (known.sets) return known.sets;
    try {
      known.sets = seriesSets(seriesMetadata(known.opening, DICOM_WEB));
      this.replace(SeriesInstanceUID, { sets: known.sets, error: '' });
    } catch (error) {
      known.sets = [];
      this.replace(SeriesInstanceUID, { sets: [], error: error instanceof Error ? error.message : t('The series cannot be read') });
    }
    return known.sets;
  }

  /** All display sets of a study that is open or was looked at, in the order of its series. */
  allSets(study: string): DisplaySet[] {
    return this.ofStudy(study).flatMap((series) => this.sets(series));
  }

  /** Reads a study without opening it. */
  async peek(study: string): Promise<DisplaySet[]> {
    if (!this.etags.has(study)) await this.read(study);
    return this.allSets(study);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }

  private later(): void {
    if (this.controller.signal.aborted) return;
    this.timer = setTimeout(() => void this.look(), this.pace);
  }

  private async look(): Promise<void> {
    const grew = document.visibilityState === 'visible' ? await this.refresh().catch(() => false) : false;
    this.pace = grew ? SOONEST : Math.min(SELDOMEST, this.pace * 1.3);
    this.later();
  }

  private ofStudy(study: string): SeriesEntry[] {
    const listed = this.current.series.filter(({ StudyInstanceUID }) => StudyInstanceUID === study);
    return listed.length > 0 ? listed : (this.peeked.get(study) ?? []);
  }

  /** The series of a study as the archive has them now; those that are as they were keep their display sets. */
  private async read(study: string): Promise<SeriesEntry[]> {
    const answer = await this.client.openStudy(study, this.etags.get(study) ?? '', this.controller.signal);
    if (!answer) return this.ofStudy(study);
    this.etags.set(study, answer.etag);
    const series = answer.opening.series.map((opening) => this.entry(opening, study)).sort(bySeriesNumber);
    this.peeked.set(study, series);
    return series;
  }

  private entry(opening: SeriesOpening, study: string): SeriesEntry {
    const head = seriesHead(opening);
    const SeriesInstanceUID = text(head, 'SeriesInstanceUID');
    const before = this.known.get(SeriesInstanceUID);
    const known = before?.opening.etag === opening.etag ? before : { opening, sets: undefined };
    this.known.set(SeriesInstanceUID, known);
    return {
      StudyInstanceUID: study,
      StudyDate: text(head, 'StudyDate'),
      StudyDescription: text(head, 'StudyDescription'),
      SeriesInstanceUID,
      modality: text(head, 'Modality'),
      number: number(head, 'SeriesNumber'),
      description: text(head, 'SeriesDescription'),
      instances: opening.instances,
      sets: known.sets ?? before?.sets,
      error: '',
      about: head,
    };
  }

  /** Makes the display sets of all series, one after another, leaving the page in between. */
  private async makeRest(): Promise<void> {
    for (const series of this.current.series) {
      if (this.controller.signal.aborted) return;
      if (this.known.get(series.SeriesInstanceUID)?.sets) continue;
      await new Promise((resolve) => setTimeout(resolve));
      this.sets(series);
    }
  }

  private replace(SeriesInstanceUID: string, change: Partial<SeriesEntry>): void {
    this.update({ ...this.current, series: this.current.series.map((s) => (s.SeriesInstanceUID === SeriesInstanceUID ? { ...s, ...change } : s)) });
  }

  private update(state: StudyState): void {
    this.current = { ...state, series: withStates(state.series) };
    this.changed.emit();
  }
}

const bySeriesNumber = (a: SeriesEntry, b: SeriesEntry): number =>
  (a.number ?? 1e9) - (b.number ?? 1e9) || a.SeriesInstanceUID.localeCompare(b.SeriesInstanceUID);
