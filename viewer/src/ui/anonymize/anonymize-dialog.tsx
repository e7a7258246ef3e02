// De-identification of chosen studies: project, preview and approval, run and its result; without studies the jobs.

import { useCallback, useMemo, useState, type JSX } from 'react';
import { areasOf, type Decisions } from '../../core/anonymize/decisions';
import { t } from '../../core/language';
import type { StudyRow } from '../../core/study-row';
import { AnonymizationClient } from '../../net/anonymization-client';
import { Dialog } from '../parts/dialog';
import './anonymize.css';
import { JobList, JobStep } from './job-step';
import { PreviewStep } from './preview-step';
import { ProjectStep, type Plan } from './project-step';

type Step = 'project' | 'preview' | 'job' | 'jobs';

export function AnonymizeDialog({ rows, onClose }: { rows: readonly StudyRow[]; onClose(): void }): JSX.Element {
  const client = useMemo(() => new AnonymizationClient(), []);
  const [step, setStep] = useState<Step>(rows.length > 0 ? 'project' : 'jobs');
  const [plan, setPlan] = useState<Plan>({ project: undefined, target: 'folder', peer: '' });
  const [decisions, setDecisions] = useState<Decisions>(new Map());
  const [job, setJob] = useState(0);
  const [error, setError] = useState('');
  const onError = useCallback((message: string) => setError(message), []);
  const studies = useMemo(
    () => rows.map((row) => ({ StudyInstanceUID: row.StudyInstanceUID, title: [row.name || t('No name'), row.date, row.description].filter(Boolean).join(' · ') })),
    [rows],
  );
  const go = (next: Step): void => {
    setError('');
    setStep(next);
  };
  const run = (): void => {
    if (!plan.project) return;
    setError('');
    client.run({ project: plan.project.name, studies: rows.map((row) => row.StudyInstanceUID), target: plan.target, peer: plan.peer, areas: areasOf(decisions) }).then(
      (made) => {
        setJob(made.id);
        setStep('job');
      },
      (failure: unknown) => setError((failure as Error).message),
    );
  };
  const what = rows.length === 1 ? t('1 study') : t('{n} studies', { n: rows.length });
  return (
    <Dialog title={step === 'jobs' || rows.length === 0 ? t('De-identification jobs') : t('Anonymise {what}', { what })} width="wide" onClose={onClose}>
      <div className="anonymize">
        {error ? <p className="anonymize-error" role="alert">{error}</p> : null}
        {step === 'project' ? <ProjectStep client={client} plan={plan} onPlan={setPlan} onError={onError} /> : null}
        {step === 'preview' && plan.project ? <PreviewStep client={client} project={plan.project} studies={studies} decisions={decisions} onDecide={setDecisions} onError={onError} /> : null}
        {step === 'job' ? <JobStep client={client} id={job} onError={onError} /> : null}
        {step === 'jobs' ? (
          <JobList
            client={client}
            onError={onError}
            onChoose={(id) => {
              setJob(id);
              go('job');
            }}
          />
        ) : null}
        <footer className="anonymize-foot">
          {step === 'project' ? <button type="button" className="button" onClick={() => go('jobs')}>{t('Earlier jobs')}</button> : null}
          {step === 'preview' ? <button type="button" className="button" onClick={() => go('project')}>{t('Back')}</button> : null}
          {step === 'job' ? <button type="button" className="button" onClick={() => go('jobs')}>{t('All jobs')}</button> : null}
          {step === 'jobs' && rows.length > 0 ? <button type="button" className="button" onClick={() => go('project')}>{t('Back')}</button> : null}
          <span className="muted">{t('De-identified is not anonymous: look at the result before it leaves the house.')}</span>
          {step === 'project' ? <button type="button" className="button primary" disabled={!plan.project} onClick={() => go('preview')}>{t('Preview')}</button> : null}
          {step === 'preview' ? <button type="button" className="button primary" onClick={run}>{t('Run')}</button> : null}
          {step === 'job' ? <button type="button" className="button" onClick={onClose}>{t('Close')}</button> : null}
        </footer>
      </div>
    </Dialog>
  );
}
