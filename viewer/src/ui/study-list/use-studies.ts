// The rows of the study list: pages of QIDO answers for filter and order in force, and what arrived since. The first page is no more
// than a screen shows, so that it is there at once; what makes a full page comes after it has been drawn. When the viewer starts with
// the list, its first rows are asked for before anything is drawn. Where there are more studies than a page, newest first and without a
// filter, the pages end at a day: the first page is the same without that day, so the list is bounded without asking anew.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { reachesFrom, reachOf, type Reach } from '../../core/dates';
import { t } from '../../core/language';
import { isAll, studyQueries, type StudyFilter } from '../../core/study-filter';
import { mergedRows, NEWEST_FIRST, orderOf, readStudyRow, sortedRows, sortOf, type Sort, type StudyRow } from '../../core/study-row';
import { connection } from '../../net/connection';
import type { DicomWebClient } from '../../net/dicomweb';
import { isAbort } from '../../net/queue';
import { afterDrawing } from '../parts/after-drawing';
import { settings } from '../settings';

/** More than a screen shows. The archive's page names the same search (web/viewer.py), so that browsers ask before scripts are there. */
const FIRST = 50;
export const PAGE = 200;
const POLL_EVERY = 5000;
const TYPING = 160;
/** How long the first drawing waits for the first rows, in ms: whoever waits longer sees that they are coming. */
const PATIENCE = 100;

export interface Studies {
  rows: StudyRow[];
  status: 'loading' | 'ready' | 'failed';
  message: string;
  /** There may be more than is loaded. */
  more: boolean;
  /** The list has studies of so many days only. */
  reach: Reach | undefined;
  /** Studies that came while the list was open. */
  arrived: ReadonlySet<string>;
  loadMore(): void;
  retry(): void;
}

interface Loaded {
  rows: StudyRow[];
  more: boolean;
  reach?: Reach | undefined;
}

interface Wanted {
  filter: StudyFilter;
  sort: Sort;
}

/** What came of a search; it is out of date as soon as what is wanted or the attempt are others. */
interface Outcome extends Loaded {
  wanted: Wanted | undefined;
  attempt: number;
  error: string;
  arrived: ReadonlySet<string>;
}

interface First {
  wanted: Wanted;
  loaded: Promise<Loaded>;
  /** They have come. */
  there?: Loaded;
}

let first: First | undefined;
let chosen: Sort | undefined;

/** What the list was ordered by when it was last used in this browser, always the same object. */
export const chosenSort = (): Sort => (chosen ??= sortOf(settings.state().order) ?? NEWEST_FIRST);

/** Asks for the rows that the list begins with; resolves when they are there, or will not be in time. */
export async function beginStudies(client: DicomWebClient, filter: StudyFilter, sort: Sort): Promise<void> {
  const wanted = { filter, sort };
  const begun: First = (first = { wanted, loaded: search(client, wanted, FIRST) });
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
  const there = await Promise.race([begun.loaded, late]).catch(() => undefined);
  if (there) begun.there = there;
}

const isFirst = ({ filter, sort }: Wanted): boolean => first?.wanted.sort === sort && first.wanted.filter === filter;

function queriesOf({ filter, sort }: Wanted): Record<string, string>[] {
  const orderby = orderOf(sort);
  return studyQueries(filter, new Date()).map((keys) => (orderby ? { ...keys, orderby } : keys));
}

/** The first so many rows. Each answer has the first of its own, so those of all are among them. */
async function search(client: DicomWebClient, wanted: Wanted, count: number, signal?: AbortSignal): Promise<Loaded> {
  const answers = await Promise.all(queriesOf(wanted).map((keys) => client.searchStudies(keys, count, 0, signal)));
  const rows = mergedRows(answers.map((answer) => answer.map(readStudyRow)));
  const more = answers.some((answer) => answer.length >= count);
  return answers.length > 1 ? { rows: sortedRows(rows, wanted.sort).slice(0, count), more: more || rows.length > count } : { rows, more };
}

/** How far back the pages behind the first go; undefined where all do. */
function reachFor({ filter, sort }: Wanted, { rows, more }: Loaded): Reach | undefined {
  const last = rows[PAGE - 1];
  return more && last && filter.range === 'recent' && isAll(filter) && orderOf(sort) === orderOf(NEWEST_FIRST) ? reachOf(last.when.slice(0, 8), new Date()) : undefined;
}

async function nextPage(client: DicomWebClient, wanted: Wanted, { rows: have, reach }: Loaded, signal: AbortSignal): Promise<Loaded> {
  const queries = queriesOf(wanted).map((keys) => (reach ? { ...keys, StudyDate: `${reachesFrom(reach, new Date())}-` } : keys));
  const [only] = queries;
  const count = PAGE - (have.length % PAGE);
  if (queries.length > 1 || !only) return search(client, wanted, have.length + count, signal);
  const answer = await client.searchStudies(only, count, have.length, signal);
  const loaded = { rows: mergedRows([have, answer.map(readStudyRow)]), more: answer.length >= count };
  return { ...loaded, reach: reach ?? reachFor(wanted, loaded) };
}

export function useStudies(client: DicomWebClient, filter: StudyFilter, sort: Sort): Studies {
  const wanted = useMemo<Wanted>(() => ({ filter, sort }), [filter, sort]);
  const [outcome, setOutcome] = useState<Outcome>(() => {
    const there = isFirst(wanted) ? first?.there : undefined;
    return { rows: [], more: false, reach: undefined, ...there, wanted: there && wanted, attempt: 0, error: '', arrived: new Set() };
  });
  const [attempt, setAttempt] = useState(0);
  const busy = useRef<AbortController | undefined>(undefined);

  useEffect(() => {
    const controller = new AbortController();
    busy.current = controller;
    const begun = isFirst(wanted) ? first : undefined;
    first = undefined;
    if (begun?.there) return () => controller.abort();
    const begin = (): void => {
      (begun?.loaded ?? search(client, wanted, FIRST, controller.signal)).then(
        (loaded) => {
          if (!controller.signal.aborted) setOutcome({ reach: undefined, ...loaded, wanted, attempt, error: '', arrived: new Set() });
        },
        (error: unknown) => {
          if (!controller.signal.aborted && !isAbort(error)) setOutcome({ rows: [], more: false, reach: undefined, wanted, attempt, error: messageOf(error), arrived: new Set() });
        },
      );
    };
    const timer = setTimeout(begin, wanted.filter.search || wanted.filter.institution ? TYPING : 0);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, wanted, attempt]);

  useEffect(() => {
    const refresh = (): void => {
      const controller = busy.current;
      if (document.visibilityState !== 'visible' || !controller || controller.signal.aborted) return;
      search(client, wanted, PAGE, controller.signal).then(
        (loaded) => setOutcome((before) => refreshed(before, loaded, wanted)),
        () => undefined,
      );
    };
    const timer = setInterval(refresh, POLL_EVERY);
    document.addEventListener('visibilitychange', refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [client, wanted]);

  const { rows, reach } = outcome;
  const loadMore = useCallback(() => {
    const controller = busy.current;
    if (!controller || controller.signal.aborted) return;
    nextPage(client, wanted, { rows, reach, more: true }, controller.signal).then((loaded) => setOutcome((before) => ({ ...before, ...loaded })), () => undefined);
  }, [client, wanted, rows, reach]);

  const { more } = outcome;
  const current = outcome.wanted === wanted && outcome.attempt === attempt;
  useEffect(() => {
    if (current && more && rows.length < PAGE) return afterDrawing(loadMore);
    return undefined;
  }, [current, more, rows.length, loadMore]);

  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  useEffect(() => connection.restored.listen(retry), [retry]);
  const status = !current ? 'loading' : outcome.error ? 'failed' : 'ready';
  return { rows, more, reach, status, message: outcome.error, arrived: outcome.arrived, loadMore, retry };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : t('The archive cannot be reached'));

/** The rows after asking again: the same object where nothing is new, so that nothing is drawn again. */
function refreshed(before: Outcome, { rows, more }: Loaded, wanted: Wanted): Outcome {
  const known = new Set(before.rows.map((row) => row.StudyInstanceUID));
  const fresh = rows.filter((row) => !known.has(row.StudyInstanceUID)).map((row) => row.StudyInstanceUID);
  const next = mergedRows([rows, before.rows.length > PAGE ? before.rows : []]);
  const same = !before.error && JSON.stringify(next) === JSON.stringify(before.rows);
  if (same || before.wanted !== wanted) return before;
  return { ...before, rows: next, more: before.more || (more && !before.reach), error: '', arrived: new Set([...before.arrived, ...fresh]) };
}
