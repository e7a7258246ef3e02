// Files on their way into the archive: how far they are, and what became of each that is not simply there.

import type { JSX } from 'react';
import { fixed, t } from '../../core/language';
import type { Said } from '../../core/upload';
import { useServices } from '../services';
import type { UploadState } from '../uploads';
import { useStateOf } from '../viewer/use-signal';

/** Files that are listed one by one. */
const MOST = 500;
const MIB = 2 ** 20;

export function UploadPanel(): JSX.Element | null {
  const { uploads } = useServices();
  const state = useStateOf(uploads);
  const { phase, files, settled, underway } = state;
  if (phase === 'idle') return null;
  const running = phase === 'sending' || phase === 'waiting';
  return (
    <section className="local-panel upload-panel" aria-label={t('Files for the archive')} data-testid="upload-panel" data-phase={phase}>
      <header>
        <span className="local-badge">{t('Archive')}</span>
        <span role="status">{toldOf(state)}</span>
        {running ? (
          <button type="button" className="button" onClick={() => uploads.cancel()}>{t('Cancel')}</button>
        ) : (
          <button type="button" className="button" disabled={uploads.busy} onClick={() => uploads.close()}>{t('Close')}</button>
        )}
      </header>
      {running ? <progress aria-label={t('Files for the archive')} max={Math.max(1, files)} value={settled + underway} /> : null}
      <p className="upload-counts">{countsOf(state)}</p>
      <List title={t('Files refused: {n}', { n: state.refused.length })} said={state.refused} open />
      <List title={t('Objects stored beside a different one with the same UID: {n}', { n: state.conflicts.length })} said={state.conflicts} />
      <List title={t('Files left out: {n}', { n: state.skipped.length })} said={state.skipped} />
    </section>
  );
}

function toldOf({ phase, files, message }: UploadState): string {
  const told: Readonly<Record<UploadState['phase'], string>> = {
    idle: '',
    sending: t('Files that are put into the archive: {n}', { n: files }),
    waiting: t('The archive cannot be reached. It goes on as soon as it answers.'),
    done: t('All files are through'),
    cancelled: t('Cancelled. Of the last files some may be in the archive as well.'),
    failed: t('It could not go on: {reason}', { reason: message }),
  };
  return told[phase];
}

function countsOf({ phase, files, settled, stored, bytes, rate }: UploadState): string {
  const counts = [t('{n} of {all} files', { n: settled, all: files }), t('{n} objects stored', { n: stored }), `${fixed(bytes / MIB, 1)} MiB`];
  return [...counts, ...(phase === 'sending' && rate > 0 ? [`${fixed(rate / MIB, 1)} MiB/s`] : [])].join(' · ');
}

function List({ title, said, open = false }: { title: string; said: readonly Said[]; open?: boolean }): JSX.Element | null {
  return said.length > 0 ? (
    <details className="local-problems" open={open}>
      <summary>{title}</summary>
      <ul>
        {said.slice(0, MOST).map(({ path, reason }, index) => (
          <li key={index}>{path}: {reason}</li>
        ))}
      </ul>
    </details>
  ) : null;
}
