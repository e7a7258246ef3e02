// Rows that are opened up: the other studies of their patients, asked for when that is done, and the lines that they make of the list.

import { useCallback, useEffect, useRef, useState } from 'react';
import { t } from '../../core/language';
import { priorKeys, priorsOf, type Prior } from '../../core/priors';
import type { StudyRow } from '../../core/study-row';
import type { DicomWebClient } from '../../net/dicomweb';

const MOST = 200;

type Found = readonly Prior[] | 'asked' | 'failed';

export interface Others {
  /** By the study whose row is opened up. */
  found: ReadonlyMap<string, Found>;
  toggle(study: string, open: boolean): void;
}

/** A line of the list: a study, one of the same patient below it, or what is to be said there. */
export interface Line {
  /** A study may be in the list twice. */
  key: string;
  row?: StudyRow;
  note?: string;
  /** The study above. */
  under?: string;
  otherName?: boolean;
}

async function ask(client: DicomWebClient, study: string, signal: AbortSignal): Promise<Prior[]> {
  const [own] = await client.searchStudies({ StudyInstanceUID: study, includefield: 'IssuerOfPatientID' }, 1, 0, signal);
  const keys = priorKeys(own);
  return own && keys ? priorsOf(await client.searchStudies(keys, MOST, 0, signal), own, new Set([study])) : [];
}

export function useOthers(client: DicomWebClient): Others {
  const [found, setFound] = useState<ReadonlyMap<string, Found>>(new Map());
  const leaving = useRef<AbortController>(undefined);
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current?.abort();
  }, []);
  const toggle = useCallback(
    (study: string, open: boolean) => {
      const set = (value: Found, only: boolean): void => setFound((before) => (only && !before.has(study) ? before : new Map(before).set(study, value)));
      if (open) {
        set('asked', false);
        ask(client, study, leaving.current?.signal ?? AbortSignal.abort()).then(
          (rows) => set(rows, true),
          () => set('failed', true),
        );
      } else setFound((before) => new Map([...before].filter(([one]) => one !== study)));
    },
    [client],
  );
  return { found, toggle };
}

/** The lines of the list, in their order. */
export function linesOf(rows: readonly StudyRow[], found: Others['found']): Line[] {
  if (found.size === 0) return rows.map((row) => ({ key: row.StudyInstanceUID, row }));
  return rows.flatMap((row): Line[] => {
    const under = row.StudyInstanceUID;
    const others = found.get(under);
    const line: Line = { key: under, row };
    if (!others) return [line];
    const said = others === 'asked' ? t('Asking for other studies of the patient…') : others === 'failed' ? t('The archive cannot be reached') : others.length === 0 ? t('No other studies of this patient') : '';
    if (typeof others === 'string' || said) return [line, { key: `${under}/`, note: said, under }];
    return [line, ...others.map((prior): Line => ({ key: `${under}/${prior.StudyInstanceUID}`, row: prior, under, otherName: prior.otherName }))];
  });
}

/** Where a line is, or what has come in its place: the first below the same study, or that study; -1 for none. */
export function placeOf(lines: readonly Line[], key: string): number {
  const [above = ''] = key.split('/');
  const places = [lines.findIndex((line) => line.key === key), key === above ? -1 : lines.findIndex(({ under }) => under === above), lines.findIndex((line) => line.key === above)];
  return key ? (places.find((place) => place >= 0) ?? -1) : -1;
}
