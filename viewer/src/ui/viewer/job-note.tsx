// Says which file is being made and how far it is, with a way to give it up.

import type { JSX } from 'react';
import { keyLabel } from '../../core/commands';
import { t } from '../../core/language';
import type { ExportJob } from '../../viewport/export/job';
import { useStateOf } from './use-signal';

export function JobNote({ job }: { job: ExportJob }): JSX.Element | null {
  const state = useStateOf(job);
  if (!state) return null;
  const { title, done, total } = state;
  return (
    <div className="page-note job-note" role="group" aria-label={title}>
      <span>{title}</span>
      <progress aria-label={title} max={Math.max(1, total)} value={done} />
      <span className="job-count">{total > 0 ? `${done} / ${total}` : ''}</span>
      <button type="button" className="button" title={[t('Give up'), keyLabel('view.reset')].filter(Boolean).join('  ')} onClick={() => job.cancel()}>
        {t('Give up')}
      </button>
    </div>
  );
}
