// Files on their way into the archive by STOW-RS (PS3.18 10.5): which go together in one request, what the answer says of each, and
// what became of all. Pure.

import type { DataSet } from './dicom-json';
import { text } from './dicom-json';

/** What is sent: a file and the object that it says it is. */
export interface Sendable {
  path: string;
  SOPInstanceUID: string;
  content: { readonly size: number };
}

/** One request has no more bytes, unless a single file has, and no more files. */
export const MOST_BYTES = 16 * 2 ** 20;
export const MOST_FILES = 100;

/** Whether a file goes into the request with these; answers name objects, so none is in a request twice. */
export function fits(batch: readonly Sendable[], next: Sendable): boolean {
  const bytes = batch.reduce((sum, { content }) => sum + content.size, 0) + next.content.size;
  return batch.length === 0 || (batch.length < MOST_FILES && bytes <= MOST_BYTES && !batch.some(({ SOPInstanceUID }) => SOPInstanceUID === next.SOPInstanceUID));
}

export interface Said {
  path: string;
  reason: string;
}

export interface Outcome<T extends Sendable> {
  stored: T[];
  /** Stored beside a different object with the same UID. */
  conflicts: T[];
  refused: Said[];
  /** Not told of by name: to be sent alone, so that the answer can only be of it. */
  unknown: T[];
}

const SUCCESS = '00081199';
const FAILED = '00081198';
const OTHER_FAILURES = '0008119A';
const WARNING = '00081196';
const COMMENT = '00000902';
const REASON = '00081197';

const items = (answer: DataSet, tag: string): DataSet[] => (answer[tag]?.Value ?? []) as DataSet[];

/** The archive's own words, else the code of the failure (PS3.7 C). */
function reasonOf(item: DataSet): string {
  const [said] = item[COMMENT]?.Value ?? [];
  const code = Number(item[REASON]?.Value?.[0] ?? 0);
  return typeof said === 'string' && said ? said : `0x${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What the Store Instances Response (PS3.18 10.5.3) says of the files of one request. */
export function outcomeOf<T extends Sendable>(batch: readonly T[], answer: DataSet): Outcome<T> {
  const named = (tag: string): Map<string, DataSet> => new Map(items(answer, tag).map((item) => [text(item, 'ReferencedSOPInstanceUID'), item]));
  const [success, failed] = [named(SUCCESS), named(FAILED)];
  const [other] = items(answer, OTHER_FAILURES);
  const outcome: Outcome<T> = { stored: [], conflicts: [], refused: [], unknown: [] };
  for (const one of batch) {
    const taken = success.get(one.SOPInstanceUID);
    const refused = failed.get(one.SOPInstanceUID) ?? (batch.length === 1 && !taken ? (other ?? [...failed.values()][0]) : undefined);
    if (taken) outcome[taken[WARNING] ? 'conflicts' : 'stored'].push(one);
    else if (refused) outcome.refused.push({ path: one.path, reason: reasonOf(refused) });
    else outcome.unknown.push(one);
  }
  return outcome;
}

/** Bytes a second over the last moments: how much had come when. */
export class Rate {
  private readonly seen: [at: number, bytes: number][] = [];

  /** `at` in ms. */
  note(at: number, bytes: number): void {
    this.seen.push([at, bytes]);
    while (this.seen.length > 2 && at - (this.seen[0]?.[0] ?? at) > 5000) this.seen.shift();
  }

  perSecond(): number {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    return first && last && last[0] > first[0] ? ((last[1] - first[1]) * 1000) / (last[0] - first[0]) : 0;
  }
}
