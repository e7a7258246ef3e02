// Last step, and the list of earlier jobs: progress, counts, downloads, what was set aside.

import { useEffect, useState, type JSX } from 'react';
import { alike, inWords, type NotWritten } from '../../core/anonymize/decisions';
import { counted, language, t } from '../../core/language';
import type { AnonymizationClient, Job, JobReport } from '../../net/anonymization-client';
import { navigate } from '../place';

const LOOK = 500;
/** Objects that are named for one reason. */
const MOST = 500;
const ended = ({ state }: Job): boolean => state !== 'waiting' && state !== 'running';

interface Props {
  client: AnonymizationClient;
  id: number;
  onError(message: string): void;
}

export function JobStep({ client, id, onError }: Props): JSX.Element {
  const [job, setJob] = useState<JobReport>();
  const [look, setLook] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    let timer = 0;
    client.job(id, controller.signal).then(
      (found) => {
        setJob(found);
        if (!ended(found)) timer = window.setTimeout(() => setLook((before) => before + 1), LOOK);
      },
      (error: unknown) => {
        if (!controller.signal.aborted) onError((error as Error).message);
      },
    );
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [client, id, look, onError]);
  if (!job) return <p className="nothing" aria-busy="true">{t('Asking for the job…')}</p>;
  const ask = (asked: Promise<unknown>): void => {
    asked.then(() => setLook((before) => before + 1), (error: unknown) => onError((error as Error).message));
  };
  const notWritten = job.studies.flatMap(({ not_written }) => not_written);
  const made = job.studies.flatMap(({ becomes }) => becomes);
  return (
    <div className="job">
      <p className="job-state" role="status" data-state={job.state}>
        {t('Job {id}, project {project}: {state}', { id: job.id, project: job.project, state: t(job.state) })}{job.detail ? `: ${job.detail}` : ''}
      </p>
      <progress max={job.objects} value={job.done} aria-label={t('Objects dealt with')} />
      <p>{t('{n} objects: {counts}', { n: counted(job.objects), counts: inWords(job.counts) })}</p>
      <div className="job-links">
        {ended(job) ? null : <button type="button" className="button" onClick={() => ask(client.cancel(id))}>{t('Cancel the job')}</button>}
        {job.state === 'failed' || job.state === 'cancelled' ? <button type="button" className="button" onClick={() => ask(client.resume(id))}>{t('Resume')}</button> : null}
        {ended(job) && job.target === 'folder' && job.counts.output + job.counts.unchanged > 0 ? <a className="button primary" href={client.resultUrl(id, 'zip')} download>{t('Download ZIP')}</a> : null}
        {ended(job) ? <a className="button" href={client.resultUrl(id, 'summary')} target="_blank" rel="noreferrer">{t('Report')}</a> : null}
        {ended(job) ? <a className="button" href={client.resultUrl(id, 'summary.csv')} download>CSV</a> : null}
        {ended(job) && job.target === 'archive' && made.length > 0 ? <button type="button" className="button primary" onClick={() => navigate({ page: 'viewer', studies: made.slice(0, 1), series: '', instance: '' })}>{t('Open the result')}</button> : null}
      </div>
      {notWritten.length > 0 ? (
        <table className="header-table" aria-label={t('Not written')}>
          <thead><tr><th>{t('Not written')}</th><th>{t('Outcome')}</th><th>{t('Why')}</th></tr></thead>
          <tbody>
            {alike(notWritten).map(([row, ...others]) => (
              <tr key={row.SOPInstanceUID}>
                <td><Instances rows={[row, ...others]} /></td>
                <td>{row.outcome === 'sequestered' ? t('set aside') : t(row.outcome)}</td>
                <td className="muted">{row.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </div>
  );
}

/** Which objects; many are shown when they are asked for. */
function Instances({ rows }: { rows: readonly NotWritten[] }): JSX.Element {
  const shown = rows.slice(0, MOST).map(({ SOPInstanceUID }) => <code key={SOPInstanceUID}>{SOPInstanceUID}</code>);
  if (rows.length === 1) return <>{shown}</>;
  return (
    <details className="instances">
      <summary>{counted(rows.length)} ×</summary>
      {shown}
    </details>
  );
}

export function JobList({ client, onChoose, onError }: { client: AnonymizationClient; onChoose(id: number): void; onError(message: string): void }): JSX.Element {
  const [jobs, setJobs] = useState<Job[]>();
  useEffect(() => {
    const controller = new AbortController();
    client.jobs(controller.signal).then(setJobs, (error: unknown) => {
      if (!controller.signal.aborted) onError((error as Error).message);
    });
    return () => controller.abort();
  }, [client, onError]);
  if (!jobs) return <p className="nothing" aria-busy="true">{t('Reading jobs…')}</p>;
  if (jobs.length === 0) return <p className="nothing">{t('No job yet. Mark studies in the list, then choose Anonymise.')}</p>;
  return (
    <div className="job-list">
      {jobs.map((job) => (
        <button key={job.id} type="button" className="series-item" onClick={() => onChoose(job.id)}>
          <strong>{job.id}</strong>
          <span className="series-title">{`${job.project} → ${job.target === 'peer' ? job.peer : job.target} · ${new Date(job.created).toLocaleString(language())} · ${inWords(job.counts)}`}</span>
          <span className="fate" data-fate={job.state === 'done' ? 'as it is' : 'set aside'}>{t(job.state)}</span>
        </button>
      ))}
    </div>
  );
}
