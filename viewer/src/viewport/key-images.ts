// The key images of the open studies: marked and kept in the archive at once, and those of stored selections.

import { isMarked, markedOnly, markId, markOf, selectionOf, type KeyImage, type Selection } from '../core/key-images';
import { t } from '../core/language';
import { Signal } from '../core/lifecycle';
import type { Picture } from '../core/stack';
import type { DraftClient } from '../net/study-drafts';
import type { SeriesEntry, StudyLoader } from './study-loader';

/** ms until a write that failed is tried again. */
const AGAIN = 3000;

export interface KeyState {
  /** Ids of all marks, and of those that are in stored selections. */
  marks: ReadonlySet<string>;
  stored: ReadonlySet<string>;
  selections: readonly Selection[];
  /** Nothing but key images is shown. */
  only: boolean;
}

/** What the archive keeps of a study, and what is to become of it: null takes a mark away. */
interface Kept {
  version: string;
  marks: Map<string, KeyImage>;
  changes: Map<string, KeyImage | null>;
}

const NONE: ReadonlySet<string> = new Set();

export class KeyImages {
  readonly changed = new Signal();
  private current: KeyState = { marks: NONE, stored: NONE, selections: [], only: false };
  private readonly studies = new Map<string, Kept>();
  private readonly unlisten: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<string> = Promise.resolve('');
  private filtered: { from: readonly SeriesEntry[]; state: KeyState; to: SeriesEntry[] } | undefined;

  constructor(
    private readonly client: DraftClient<KeyImage>,
    private readonly loader: StudyLoader,
  ) {
    this.unlisten = loader.changed.listen(() => this.findSelections());
  }

  readonly state = (): KeyState => this.current;

  /** Reads what is kept of these studies. */
  async open(studies: readonly string[]): Promise<void> {
    for (const study of studies.filter((one) => !this.studies.has(one))) {
      this.studies.set(study, { version: '', marks: new Map(), changes: new Map() });
      await this.read(study).catch(() => undefined);
    }
  }

  isKey(picture: Picture | undefined): boolean {
    return picture !== undefined && isMarked(picture, this.current.marks);
  }

  /** Marks a picture, or takes its mark away; returns why not, else "" once it is kept. */
  async toggle(study: string, picture: Picture): Promise<string> {
    await this.open([study]);
    const kept = this.studies.get(study) as Kept;
    const mark = markOf(picture);
    const id = markId(mark);
    const own = kept.changes.has(id) ? kept.changes.get(id) !== null : kept.marks.has(id);
    if (!own && isMarked(picture, this.current.stored)) return t('This image is in a stored selection of key images, which stays as it is');
    kept.changes.set(id, own ? null : mark);
    this.tell();
    return this.write();
  }

  /** Shows key images alone, or everything again; returns why not. */
  toggleOnly(): string {
    const only = !this.current.only;
    if (only && this.current.marks.size === 0) return t('No image is marked: K marks the one on screen');
    this.update({ only });
    return '';
  }

  /** The series as they are to be shown. */
  seen(series: SeriesEntry[]): SeriesEntry[] {
    const { current } = this;
    if (!current.only) return series;
    if (this.filtered?.from !== series || this.filtered.state !== current) {
      const to = series.flatMap((one) => {
        const sets = (one.sets ?? []).flatMap((set) => markedOnly(set, current.marks) ?? []);
        return sets.length > 0 ? [{ ...one, sets }] : [];
      });
      this.filtered = { from: series, state: current, to };
    }
    return this.filtered.to;
  }

  /** Stores the marks as Key Object Selections, one for each study; returns what to tell the user. */
  async store(): Promise<string> {
    const failed = await this.write();
    const marked = [...this.studies].filter(([, { marks }]) => marks.size > 0);
    if (failed || marked.length === 0) return failed || t('No image is marked: K marks the one on screen');
    for (const [study] of marked) await this.client.store(study);
    await this.loader.refresh();
    for (const [study] of marked) await this.read(study);
    return t('Stored as a key object selection in a new series');
  }

  dispose(): void {
    this.unlisten();
    clearTimeout(this.timer);
  }

  private async read(study: string): Promise<void> {
    const { version, drafts } = await this.client.read(study);
    Object.assign(this.studies.get(study) as Kept, { version, marks: new Map(drafts.map((mark) => [markId(mark), mark])) });
    this.tell();
  }

  /** Writes one after the other; the answer is for all changes until then. */
  private write(): Promise<string> {
    this.writing = this.writing.then(async () => {
      try {
        for (const study of this.studies.keys()) await this.writeStudy(study);
        return '';
      } catch (error) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.write(), AGAIN);
        return t('Key images are not saved: {reason}. Trying again.', { reason: error instanceof Error ? error.message : t('the archive refused them') });
      }
    });
    return this.writing;
  }

  private async writeStudy(study: string): Promise<void> {
    const kept = this.studies.get(study) as Kept;
    while (kept.changes.size > 0) {
      if (!kept.version) await this.read(study);
      const changes = new Map(kept.changes);
      const marks = applied(kept.marks, changes);
      const version = await this.client.write(study, kept.version, [...marks.values()], true);
      kept.version = version ?? '';
      if (version === undefined) continue;
      kept.marks = marks;
      for (const [id, mark] of changes) if (kept.changes.get(id) === mark) kept.changes.delete(id);
    }
  }

  private findSelections(): void {
    const documents = this.loader.state().series.flatMap(({ sets }) => sets ?? []).filter(({ kind }) => kind === 'document');
    const selections = documents.flatMap(({ instances }) => instances.flatMap((instance) => selectionOf(instance) ?? []));
    const known = this.current.selections;
    if (selections.length === known.length && selections.every(({ SOPInstanceUID }, index) => SOPInstanceUID === known[index]?.SOPInstanceUID)) return;
    this.update({ selections });
    this.tell();
  }

  private tell(): void {
    const stored = new Set(this.current.selections.flatMap(({ marks }) => [...marks]));
    const own = [...this.studies.values()].flatMap(({ marks, changes }) => [...applied(marks, changes).keys()]);
    const marks = new Set([...stored, ...own]);
    this.update({ stored, marks, only: this.current.only && marks.size > 0 });
  }

  private update(change: Partial<KeyState>): void {
    this.current = { ...this.current, ...change };
    this.changed.emit();
  }
}

function applied(marks: ReadonlyMap<string, KeyImage>, changes: ReadonlyMap<string, KeyImage | null>): Map<string, KeyImage> {
  const now = new Map(marks);
  for (const [id, mark] of changes) {
    if (mark) now.set(id, mark);
    else now.delete(id);
  }
  return now;
}
