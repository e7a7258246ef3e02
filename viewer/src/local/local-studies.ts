// The studies of the files that were opened in this page: in memory by their headers, until the page is closed. What cannot
// be read is listed with its reason and keeps nothing else from being read.

import { t } from '../core/language';
import { number, text, texts, type DataElement, type DataSet } from '../core/dicom-json';
import dictionary from '../core/data/dictionary.json';
import { Signal } from '../core/lifecycle';
import type { SeriesOpening, StudyOpening } from '../core/opening';
import { TAGS } from '../core/tags';
import { readObject, type LocalObject } from './read-object';
import { isZip, readZip } from './zip';

export interface NamedFile {
  path: string;
  open(): Promise<Blob>;
}
export interface Problem {
  path: string;
  reason: string;
}
export interface LocalState {
  studies: DataSet[];
  problems: Problem[];
  /** Files still to be read. */
  waiting: number;
  objects: number;
}

const NAMES = dictionary as Readonly<Record<string, string>>;
/** Files read at the same time, and between two tellings. */
const AT_ONCE = 6;
const TOLD_EVERY = 64;
const STUDY_LEVEL = ['SpecificCharacterSet', 'StudyDate', 'StudyTime', 'AccessionNumber', 'StudyDescription', 'PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex', 'PatientAge', 'StudyInstanceUID'] as const;

/** The VR of an attribute; of groups that repeat (50xx, 60xx) the common one. */
export function vrOf(tag: string): string {
  const found = NAMES[tag] ?? NAMES[`${tag.slice(0, 2)}xx${tag.slice(4)}`];
  return found?.split('|')[0] ?? '';
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : t('It cannot be read'));
const inOrder = (a: LocalObject, b: LocalObject): number => (number(a.dataSet, 'InstanceNumber') ?? 0) - (number(b.dataSet, 'InstanceNumber') ?? 0);

export class LocalStudies {
  readonly changed = new Signal();
  private readonly objects: (LocalObject | undefined)[] = [];
  private readonly byUid = new Map<string, LocalObject>();
  private current: LocalState = { studies: [], problems: [], waiting: 0, objects: 0 };

  readonly state = (): LocalState => this.current;

  /** Reads files, also those in ZIPs among them. */
  async add(files: readonly NamedFile[]): Promise<void> {
    const queue = [...files];
    this.update({ waiting: this.current.waiting + queue.length });
    const worker = async (): Promise<void> => {
      for (let file = queue.shift(); file; file = queue.shift()) {
        const more = await this.read(file);
        queue.push(...more);
        const waiting = this.current.waiting + more.length - 1;
        if (waiting % TOLD_EVERY === 0) this.update({ waiting });
        else this.current = { ...this.current, waiting };
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    this.update({});
  }

  object(SOPInstanceUID: string): LocalObject | undefined {
    return this.byUid.get(SOPInstanceUID);
  }

  numbered(id: number): LocalObject | undefined {
    return this.objects[id];
  }

  ofSeries(series: string): LocalObject[] {
    return [...this.byUid.values()].filter(({ dataSet }) => text(dataSet, 'SeriesInstanceUID') === series).sort(inOrder);
  }

  opening(study: string): StudyOpening {
    const series = new Map<string, LocalObject[]>();
    for (const object of this.byUid.values()) {
      if (text(object.dataSet, 'StudyInstanceUID') !== study) continue;
      const uid = text(object.dataSet, 'SeriesInstanceUID');
      series.set(uid, [...(series.get(uid) ?? []), object]);
    }
    return { StudyInstanceUID: study, series: [...series.values()].map((objects) => openingOf(objects.sort(inOrder))) };
  }

  /** Reads one file; returns what it holds where it is a ZIP. */
  private async read({ path, open }: NamedFile): Promise<NamedFile[]> {
    try {
      const file = await open();
      if (await isZip(file)) return (await readZip(file)).map((packed) => ({ path: `${path}/${packed.path}`, open: () => packed.open() }));
      const id = this.objects.push(undefined) - 1;
      this.keep(id, await readObject(file, id, vrOf));
    } catch (error) {
      this.current.problems.push({ path, reason: reasonOf(error) });
    }
    return [];
  }

  private keep(id: number, object: LocalObject): void {
    const uid = text(object.dataSet, 'SOPInstanceUID');
    if (this.byUid.has(uid)) throw new Error(t('The same object is there already'));
    this.objects[id] = object;
    this.byUid.set(uid, object);
  }

  private update(change: Partial<LocalState>): void {
    this.current = { ...this.current, problems: [...this.current.problems], ...change, studies: rowsOf([...this.byUid.values()]), objects: this.byUid.size };
    this.changed.emit();
  }
}

/** A column for each element, as the archive's document has them. */
function openingOf(objects: readonly LocalObject[]): SeriesOpening {
  const own: Record<string, { elements: (DataElement | null)[] }> = {};
  objects.forEach(({ dataSet }, index) => {
    for (const [tag, element] of Object.entries(dataSet)) {
      own[tag] ??= { elements: Array<DataElement | null>(objects.length).fill(null) };
      own[tag].elements[index] = element ?? null;
    }
  });
  return { etag: `${text(objects[0]?.dataSet, 'SeriesInstanceUID')}/${objects.length}`, instances: objects.length, shared: {}, own };
}

interface Counted {
  row: DataSet;
  series: Set<string>;
  modalities: Set<string>;
  instances: number;
}

/** The studies as a search would answer (PS3.18 10.6.3.3), newest first. */
function rowsOf(objects: readonly LocalObject[]): DataSet[] {
  const studies = new Map<string, Counted>();
  for (const { dataSet } of objects) {
    const uid = text(dataSet, 'StudyInstanceUID');
    const study = studies.get(uid) ?? { row: Object.fromEntries(STUDY_LEVEL.map((keyword) => [TAGS[keyword], dataSet[TAGS[keyword]]])), series: new Set<string>(), modalities: new Set<string>(), instances: 0 };
    study.series.add(text(dataSet, 'SeriesInstanceUID'));
    study.modalities.add(text(dataSet, 'Modality'));
    study.instances += 1;
    studies.set(uid, study);
  }
  return [...studies.values()].map(counted).sort((a, b) => texts(b, 'StudyDate').join().localeCompare(texts(a, 'StudyDate').join()));
}

function counted({ row, series, modalities, instances }: Counted): DataSet {
  return {
    ...row,
    [TAGS.ModalitiesInStudy]: { vr: 'CS', Value: [...modalities].filter(Boolean).sort() },
    [TAGS.NumberOfStudyRelatedSeries]: { vr: 'IS', Value: [series.size] },
    [TAGS.NumberOfStudyRelatedInstances]: { vr: 'IS', Value: [instances] },
  };
}
