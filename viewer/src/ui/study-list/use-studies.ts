// The rows of the study list: pages of QIDO answers for the filter in force, and what arrived since. The first page is no more than
// a screen shows, so that it is there at once; what makes a full page comes after it has been drawn.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { t } from '../../core/language';
import { mergedRows, readStudyRow, studyQueries, type StudyFilter, type StudyRow } from '../../core/study-row';
import { connection } from '../../net/connection';
import type { DicomWebClient } from '../../net/dicomweb';
import { isAbort } from '../../net/queue';
import { afterDrawing } from '../parts/after-drawing';

/** More than a screen shows. The archive's page names the same search (web/viewer.py), so that browsers ask before scripts are there. */
const FIRST = 50;
export const PAGE = 200;
const POLL_EVERY = 5000;
const TYPING = 160;

export interface Studies {
  rows: StudyRow[];
  status: 'loading' | 'ready' | 'failed';
  message: string;
  /** There may be more than is loaded. */
  more: boolean;
  /** Studies that came while the list was open. */
  arrived: ReadonlySet<string>;
  loadMore(): void;
  retry(): void;
}

interface Loaded {
  rows: StudyRow[];
  more: boolean;
}

/** What came of a search; it is out of date as soon as filter or attempt are others. */
interface Outcome extends Loaded {
  filter: StudyFilter | undefined;
  attempt: number;
  error: string;
  arrived: ReadonlySet<string>;
}

async function search(client: DicomWebClient, filter: StudyFilter, count: number, signal: AbortSignal): Promise<Loaded> {
  const answers = await Promise.all(studyQueries(filter, new Date()).map((keys) => client.searchStudies(keys, count, 0, signal)));
  return { rows: mergedRows(answers.map((answer) => answer.map(readStudyRow))), more: answers.some((answer) => answer.length >= count) };
}

async function nextPage(client: DicomWebClient, filter: StudyFilter, have: readonly StudyRow[], signal: AbortSignal): Promise<Loaded> {
  const queries = studyQueries(filter, new Date());
  const [only] = queries;
  const count = PAGE - (have.length % PAGE);
  if (queries.length > 1 || !only) return search(client, filter, have.length + count, signal);
  const answer = await client.searchStudies(only, count, have.length, signal);
  return { rows: mergedRows([have, answer.map(readStudyRow)]), more: answer.length >= count };
}

export function useStudies(client: DicomWebClient, filter: StudyFilter): Studies {
  const [outcome, setOutcome] = useState<Outcome>({ rows: [], more: false, filter: undefined, attempt: 0, error: '', arrived: new Set() });
  const [attempt, setAttempt] = useState(0);
  const busy = useRef<AbortController | undefined>(undefined);
  const { search: typed, modality, range } = filter;
  const stable = useMemo<StudyFilter>(() => ({ search: typed, modality, range }), [typed, modality, range]);

  useEffect(() => {
    const controller = new AbortController();
    busy.current = controller;
    const begin = (): void => {
      search(client, stable, FIRST, controller.signal).then(
        (loaded) => setOutcome({ ...loaded, filter: stable, attempt, error: '', arrived: new Set() }),
        (error: unknown) => {
          if (!isAbort(error)) setOutcome({ rows: [], more: false, filter: stable, attempt, error: messageOf(error), arrived: new Set() });
        },
      );
    };
    const timer = setTimeout(begin, stable.search ? TYPING : 0);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, stable, attempt]);

  useEffect(() => {
    const refresh = (): void => {
      const controller = busy.current;
      if (document.visibilityState !== 'visible' || !controller || controller.signal.aborted) return;
      search(client, stable, PAGE, controller.signal).then(
        (loaded) => setOutcome((before) => refreshed(before, loaded, stable)),
        () => undefined,
      );
    };
    const timer = setInterval(refresh, POLL_EVERY);
    document.addEventListener('visibilitychange', refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [client, stable]);

  const { rows } = outcome;
  const loadMore = useCallback(() => {
    const controller = busy.current;
    if (!controller || controller.signal.aborted) return;
    nextPage(client, stable, rows, controller.signal).then((loaded) => setOutcome((before) => ({ ...before, ...loaded })), () => undefined);
  }, [client, stable, rows]);

  const { more } = outcome;
  const current = outcome.filter === stable && outcome.attempt === attempt;
  useEffect(() => {
    if (current && more && rows.length < PAGE) return afterDrawing(loadMore);
    return undefined;
  }, [current, more, rows.length, loadMore]);

  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  useEffect(() => connection.restored.listen(retry), [retry]);
  const status = !current ? 'loading' : outcome.error ? 'failed' : 'ready';
  return { rows, more, status, message: outcome.error, arrived: outcome.arrived, loadMore, retry };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : t('The archive cannot be reached'));

/** The rows after asking again: the same object where nothing is new, so that nothing is drawn again. */
function refreshed(before: Outcome, { rows, more }: Loaded, filter: StudyFilter): Outcome {
  const known = new Set(before.rows.map((row) => row.StudyInstanceUID));
  const fresh = rows.filter((row) => !known.has(row.StudyInstanceUID)).map((row) => row.StudyInstanceUID);
  const next = mergedRows([before.rows.length > PAGE ? before.rows : [], rows]);
  const same = !before.error && JSON.stringify(next) === JSON.stringify(before.rows);
  if (same || before.filter !== filter) return before;
  return { ...before, rows: next, more: before.more || more, error: '', arrived: new Set([...before.arrived, ...fresh]) };
}
