// The series of the studies on screen: listed at once from QIDO, their metadata read one after another, the wanted first;
// afterwards asked for again from time to time, so that a study that still arrives grows by itself.

import { number, text } from '../core/dicom-json';
import { Signal } from '../core/lifecycle';
import { displaySets, showsPictures, type DisplaySet } from '../core/stack';
import type { DicomWebClient } from '../net/dicomweb';

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
}

export interface StudyState {
  series: SeriesEntry[];
  status: 'loading' | 'ready' | 'failed';
  message: string;
}

/** Time between two looks for new objects, in ms: soon after a change, seldomer the longer nothing comes. */
const SOONEST = 3000;
const SELDOMEST = 30_000;

export class StudyLoader {
  readonly changed = new Signal();
  private current: StudyState = { series: [], status: 'loading', message: '' };
  private readonly reading = new Map<string, Promise<DisplaySet[]>>();
  private readonly etags = new Map<string, string>();
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pace = SOONEST;
  private studies: readonly string[] = [];

  constructor(private readonly client: DicomWebClient) {}

  readonly state = (): StudyState => this.current;

  /** Lists the series and begins to read them. `wanted` is read first, else the first that shows pictures. */
  async load(studies: readonly string[], wanted: string): Promise<void> {
    this.studies = studies;
    const early = wanted && studies.length === 1 ? this.read(studies[0] as string, wanted) : undefined;
    early?.catch(() => undefined);
    try {
      const answers = await Promise.all(studies.map((study) => this.client.searchSeries(study, this.controller.signal)));
      const series = answers.flatMap((answer, index) => answer.map((dataSet) => entry(dataSet, studies[index] as string)).sort(bySeriesNumber));
      this.update({ series, status: 'ready', message: series.length === 0 ? 'The archive holds no series of this study' : '' });
    } catch (error) {
      if (this.controller.signal.aborted) return;
      this.update({ ...this.current, status: 'failed', message: error instanceof Error ? error.message : 'The study cannot be read' });
      return;
    }
    const first = this.firstChoice(wanted);
    if (first) await this.sets(first).catch(() => undefined);
    void this.readRest().then(() => this.later());
  }

  /** Opens a further study behind those that are open; its series, in their order. */
  async add(study: string): Promise<SeriesEntry[]> {
    if (!this.studies.includes(study)) {
      const answer = await this.client.searchSeries(study, this.controller.signal);
      const series = answer.map((dataSet) => entry(dataSet, study)).sort(bySeriesNumber);
      this.studies = [...this.studies, study];
      this.update({ ...this.current, series: [...this.current.series, ...series] });
      void this.readRest();
    }
    return this.current.series.filter(({ StudyInstanceUID }) => StudyInstanceUID === study);
  }

  /** Looks once for new series and new objects; true if there were any. */
  async refresh(): Promise<boolean> {
    const { studies } = this;
    const answers = await Promise.all(studies.map((study) => this.client.searchSeries(study, this.controller.signal)));
    const found = answers.flatMap((answer, index) => answer.map((dataSet) => entry(dataSet, studies[index] as string)).sort(bySeriesNumber));
    const known = new Map(this.current.series.map((s) => [s.SeriesInstanceUID, s]));
    const grown = found.filter((s) => known.get(s.SeriesInstanceUID)?.instances !== s.instances);
    if (grown.length === 0) return false;
    const series = found.map((s) => ({ ...s, sets: known.get(s.SeriesInstanceUID)?.sets, error: '' }));
    this.update({ series, status: 'ready', message: '' });
    for (const one of grown) await this.reread(one).catch(() => undefined);
    return true;
  }

  firstChoice(wanted: string): SeriesEntry | undefined {
    const { series } = this.current;
    return series.find((s) => s.SeriesInstanceUID === wanted) ?? series.find((s) => showsPictures(s.modality)) ?? series[0];
  }

  /** The display sets of a series, read if they are not yet. */
  async sets(series: SeriesEntry): Promise<DisplaySet[]> {
    if (series.sets) return series.sets;
    try {
      const sets = await this.read(series.StudyInstanceUID, series.SeriesInstanceUID);
      this.replace(series.SeriesInstanceUID, { sets, error: '' });
      return sets;
    } catch (error) {
      this.reading.delete(series.SeriesInstanceUID);
      if (!this.controller.signal.aborted) this.replace(series.SeriesInstanceUID, { error: error instanceof Error ? error.message : 'The series cannot be read' });
      throw error;
    }
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

  private async reread({ StudyInstanceUID, SeriesInstanceUID }: SeriesEntry): Promise<void> {
    const answer = await this.client.seriesMetadataSince(StudyInstanceUID, SeriesInstanceUID, this.etags.get(SeriesInstanceUID) ?? '', this.controller.signal);
    if (!answer) return;
    this.etags.set(SeriesInstanceUID, answer.etag);
    const sets = displaySets(answer.dataSets);
    this.reading.set(SeriesInstanceUID, Promise.resolve(sets));
    this.replace(SeriesInstanceUID, { sets, error: '' });
  }

  private read(study: string, series: string): Promise<DisplaySet[]> {
    const known = this.reading.get(series) ?? this.fetch(study, series);
    this.reading.set(series, known);
    return known;
  }

  private async fetch(study: string, series: string): Promise<DisplaySet[]> {
    const answer = await this.client.seriesMetadataSince(study, series, '', this.controller.signal);
    this.etags.set(series, answer?.etag ?? '');
    return displaySets(answer?.dataSets ?? []);
  }

  private async readRest(): Promise<void> {
    for (const { SeriesInstanceUID } of this.current.series) {
      const now = this.current.series.find((s) => s.SeriesInstanceUID === SeriesInstanceUID);
      if (this.controller.signal.aborted) return;
      if (now && !now.sets) await this.sets(now).catch(() => undefined);
    }
  }

  private replace(SeriesInstanceUID: string, change: Partial<SeriesEntry>): void {
    this.update({ ...this.current, series: this.current.series.map((s) => (s.SeriesInstanceUID === SeriesInstanceUID ? { ...s, ...change } : s)) });
  }

  private update(state: StudyState): void {
    this.current = state;
    this.changed.emit();
  }
}

function entry(dataSet: Parameters<typeof text>[0], study: string): SeriesEntry {
  return {
    StudyInstanceUID: study,
    StudyDate: text(dataSet, 'StudyDate'),
    StudyDescription: text(dataSet, 'StudyDescription'),
    SeriesInstanceUID: text(dataSet, 'SeriesInstanceUID'),
    modality: text(dataSet, 'Modality'),
    number: number(dataSet, 'SeriesNumber'),
    description: text(dataSet, 'SeriesDescription'),
    instances: number(dataSet, 'NumberOfSeriesRelatedInstances') ?? 0,
    sets: undefined,
    error: '',
  };
}

const bySeriesNumber = (a: SeriesEntry, b: SeriesEntry): number =>
  (a.number ?? 1e9) - (b.number ?? 1e9) || a.SeriesInstanceUID.localeCompare(b.SeriesInstanceUID);
