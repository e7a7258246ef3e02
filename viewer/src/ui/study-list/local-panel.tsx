// The studies of local files, above those of the archive, and what could not be read.

import { useMemo, type JSX } from 'react';
import { t } from '../../core/language';
import { readStudyRow } from '../../core/study-row';
import type { Problem } from '../../local/local-studies';
import { showLocal } from '../local-files';
import { ModalityBadge } from '../parts/modality-badge';
import { useServices } from '../services';
import { useStateOf } from '../viewer/use-signal';

/** Problems that are listed one by one. */
const MOST = 200;

export function LocalPanel(): JSX.Element {
  const { local } = useServices();
  const { studies, problems, waiting } = useStateOf(local);
  const rows = useMemo(() => studies.map(readStudyRow), [studies]);
  if (local.lost) {
    return (
      <section className="local-panel" aria-label={t('Local files')}>
        <header>
          <span className="local-badge">{t('Local')}</span>
          <span>{t('The page was loaded anew: local files must be opened again')}</span>
          <button type="button" className="button" onClick={() => local.close()}>{t('Close')}</button>
        </header>
      </section>
    );
  }
  if (rows.length + problems.length + waiting === 0) return <div />;
  return (
    <section className="local-panel" aria-label={t('Local files')} data-testid="local-panel">
      <header>
        <span className="local-badge">{t('Local')}</span>
        <span role="status">{waiting > 0 ? t('{n} files still to be read', { n: waiting }) : t('The files stay on this computer: nothing is uploaded')}</span>
        <button type="button" className="button" onClick={() => local.close()}>{t('Close')}</button>
      </header>
      {rows.map((row) => (
        <button key={row.StudyInstanceUID} type="button" className="local-study" onClick={() => showLocal(row.StudyInstanceUID)}>
          {row.modalities.map((modality) => <ModalityBadge key={modality} modality={modality} />)}
          <strong>{row.name || row.PatientID || t('No name')}</strong>
          <span className="muted">{[row.date, row.description].filter(Boolean).join(' · ')}</span>
          <span className="muted">{row.images}</span>
        </button>
      ))}
      {problems.length > 0 ? <Problems problems={problems} /> : null}
    </section>
  );
}

function Problems({ problems }: { problems: readonly Problem[] }): JSX.Element {
  return (
    <details className="local-problems">
      <summary>{t('Files left out: {n}', { n: problems.length })}</summary>
      <ul>
        {problems.slice(0, MOST).map(({ path, reason }) => (
          <li key={path}>{path}: {reason}</li>
        ))}
      </ul>
    </details>
  );
}
