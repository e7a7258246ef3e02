// Sends the marked studies to a DICOM node that the archive knows, one after the other.

import { useEffect, useMemo, useRef, useState, type JSX } from 'react';
import { t } from '../../core/language';
import type { StudyRow } from '../../core/study-row';
import { StudyClient, type SendProgress } from '../../net/study-client';
import { Dialog } from '../parts/dialog';
import { StudyNames } from './study-names';
import './studies.css';

type Told = SendProgress | { reason: string };
const whole = (told: Told | undefined): told is SendProgress => told !== undefined && 'remaining' in told;

export function SendDialog({ rows, onClose }: { rows: readonly StudyRow[]; onClose(): void }): JSX.Element {
  const client = useMemo(() => new StudyClient(), []);
  const [peers, setPeers] = useState<string[]>();
  const [peer, setPeer] = useState('');
  const [told, setTold] = useState<ReadonlyMap<string, Told>>(new Map());
  const [going, setGoing] = useState(false);
  const [problem, setProblem] = useState('');
  const life = useRef(new AbortController());

  useEffect(() => {
    const controller = (life.current = new AbortController());
    client.peers(controller.signal).then(
      (found) => {
        setPeers(found);
        setPeer(found[0] ?? '');
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setProblem((error as Error).message);
      },
    );
    return () => controller.abort();
  }, [client]);

  const send = async (): Promise<void> => {
    const { signal } = life.current;
    setGoing(true);
    setTold(new Map());
    for (const { StudyInstanceUID } of rows) {
      const tell = (progress: Told): void => setTold((before) => new Map(before).set(StudyInstanceUID, progress));
      await client.send(StudyInstanceUID, peer, tell, signal).catch((error: unknown) => tell({ reason: (error as Error).message }));
      if (signal.aborted) return;
    }
    setGoing(false);
  };

  return (
    <Dialog title={t('Send to a DICOM node')} onClose={onClose}>
      <form
        className="studies-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {problem ? <p role="alert">{problem}</p> : null}
        <StudyNames rows={rows} said={({ StudyInstanceUID }) => saidOf(told.get(StudyInstanceUID))} />
        {peers?.length === 0 ? (
          <p>{t('no node is known; add one to the peers')}</p>
        ) : (
          <label>
            {t('DICOM node')}
            <select className="select" data-first-focus="" value={peer} disabled={going} onChange={(event) => setPeer(event.target.value)}>
              {peers?.map((aet) => <option key={aet}>{aet}</option>)}
            </select>
          </label>
        )}
        <div className="studies-foot">
          <button type="button" className="button" onClick={onClose}>{going ? t('Give up') : t('Close')}</button>
          <button type="submit" className="button primary" disabled={!peer || going}>{t('Send')}</button>
        </div>
      </form>
    </Dialog>
  );
}

function saidOf(told: Told | undefined): string {
  if (!whole(told)) return told?.reason ?? '';
  const { sent, failed, remaining, reason } = told;
  const far = t('{sent} of {all} sent', { sent, all: sent + failed + remaining });
  return failed > 0 ? `${far} · ${t('{n} not sent: {reason}', { n: failed, reason })}` : far;
}
