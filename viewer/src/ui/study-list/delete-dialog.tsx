// Asks before studies are deleted; afterwards they can be put back as long as they are in the bin.

import { useEffect, useMemo, useState, type JSX } from 'react';
import { t } from '../../core/language';
import type { StudyRow } from '../../core/study-row';
import { StudyClient } from '../../net/study-client';
import { Dialog } from '../parts/dialog';
import { StudyNames } from './study-names';
import './studies.css';

interface Props {
  rows: readonly StudyRow[];
  /** Something was deleted or put back. */
  onChanged(): void;
  onClose(): void;
}

export function DeleteDialog({ rows, onChanged, onClose }: Props): JSX.Element {
  const client = useMemo(() => new StudyClient(), []);
  const [days, setDays] = useState<number>();
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const done = gone.size > 0;

  useEffect(() => {
    const controller = new AbortController();
    client.binDays(controller.signal).then(setDays, (error: unknown) => {
      if (!controller.signal.aborted) setProblem((error as Error).message);
    });
    return () => controller.abort();
  }, [client]);

  /** Does it with one study after the other; what fails is said, and what was done stays done. */
  const each = async (chosen: readonly string[], work: (study: string) => Promise<void>, note: (study: string) => void): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      for (const study of chosen) {
        await work(study);
        note(study);
      }
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
    onChanged();
  };
  const remove = (): Promise<void> => each(rows.map(({ StudyInstanceUID }) => StudyInstanceUID).filter((study) => !gone.has(study)), (study) => client.remove(study), (study) => setGone((before) => new Set(before).add(study)));
  const restore = (): Promise<void> => each([...gone], (study) => client.restore(study), (study) => setGone((before) => new Set([...before].filter((other) => other !== study))));

  return (
    <Dialog title={t('Delete studies')} onClose={onClose}>
      <div className="studies-form">
        {problem ? <p role="alert">{problem}</p> : null}
        <StudyNames rows={rows} said={({ StudyInstanceUID }) => (gone.has(StudyInstanceUID) ? t('deleted') : '')} />
        {days === undefined ? null : <p>{days > 0 ? t('What is deleted can be put back for {days} days. Measurements and key images that are not signed are lost at once.', { days }) : t('What is deleted is gone for good: this archive has no bin.')}</p>}
        <div className="studies-foot">
          <button type="button" className="button" data-first-focus="" onClick={onClose}>{done ? t('Close') : t('Cancel')}</button>
          {done && days ? <button type="button" className="button" disabled={busy} onClick={() => void restore()}>{t('Put back')}</button> : null}
          {gone.size < rows.length ? <button type="button" className="button danger" disabled={busy || days === undefined} onClick={() => void remove()}>{t('Delete studies')}</button> : null}
        </div>
      </div>
    </Dialog>
  );
}
