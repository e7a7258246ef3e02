// First step: under which project, and where to; or what became of earlier jobs.

import { useEffect, useState, type JSX } from 'react';
import type { BurnedIn } from '../../core/anonymize/decisions';
import { t } from '../../core/language';
import type { AnonymizationClient, Project, Target } from '../../net/anonymization-client';

export interface Plan {
  project: Project | undefined;
  target: Target;
  peer: string;
}

interface Props {
  client: AnonymizationClient;
  plan: Plan;
  onPlan(plan: Plan): void;
  onError(message: string): void;
}

const TARGETS: readonly (readonly [Target, string, string])[] = [
  ['folder', 'Download', 'a ZIP file with reports, kept in the data folder until it is removed'],
  ['archive', 'This archive', 'new studies of other patients, marked as de-identified'],
  ['peer', 'DICOM node', 'sent by C-STORE'],
];

export function ProjectStep({ client, plan, onPlan, onError }: Props): JSX.Element {
  const [projects, setProjects] = useState<Project[]>();
  const [peers, setPeers] = useState<string[]>([]);
  const [making, setMaking] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    const failed = (error: unknown): void => {
      if (!controller.signal.aborted) onError((error as Error).message);
    };
    client.projects(controller.signal).then(setProjects, failed);
    client.peers(controller.signal).then((found) => setPeers(found.map(({ aet }) => aet)), failed);
    return () => controller.abort();
  }, [client, onError]);
  const chosen = plan.project ?? projects?.[0];
  useEffect(() => {
    if (!plan.project && projects?.[0]) onPlan({ ...plan, project: projects[0] });
  }, [plan, projects, onPlan]);
  if (!projects) return <p className="nothing" aria-busy="true">{t('Reading projects…')}</p>;
  const add = (project: Project): void => {
    client.addProject(project).then(
      (made) => {
        setProjects([...projects, made]);
        setMaking(false);
        onPlan({ ...plan, project: made });
      },
      (error: unknown) => onError((error as Error).message),
    );
  };
  return (
    <div className="plan">
      <fieldset>
        <legend>{t('Project')}</legend>
        {projects.map((project) => (
          <label key={project.name} className="choice">
            <input type="radio" name="project" checked={chosen?.name === project.name} onChange={() => onPlan({ ...plan, project })} />
            <span>
              <strong>{project.name}</strong> <span className="muted">{[project.profile, ...project.keep.map((word) => t('keeps {word}', { word })), project.deface ? t('takes faces out') : '', project.comment].filter(Boolean).join(' · ')}</span>
            </span>
            <a href={client.statementUrl(project.name)} target="_blank" rel="noreferrer">{t('Conformance statement')}</a>
          </label>
        ))}
        {making || projects.length === 0 ? <NewProject client={client} onMake={add} /> : <button type="button" className="button" onClick={() => setMaking(true)}>{t('New project…')}</button>}
      </fieldset>
      <fieldset>
        <legend>{t('To')}</legend>
        {TARGETS.map(([target, name, words]) => (
          <label key={target} className="choice">
            <input type="radio" name="target" checked={plan.target === target} disabled={target === 'peer' && peers.length === 0} onChange={() => onPlan({ ...plan, target, peer: target === 'peer' ? (peers[0] ?? '') : '' })} />
            <span>
              <strong>{t(name)}</strong> <span className="muted">{target === 'peer' && peers.length === 0 ? t('no node is known; add one to the peers') : t(words)}</span>
            </span>
            {target === 'peer' && plan.target === 'peer' ? (
              <select className="select" aria-label={t('DICOM node')} value={plan.peer} onChange={(event) => onPlan({ ...plan, peer: event.target.value })}>
                {peers.map((aet) => <option key={aet}>{aet}</option>)}
              </select>
            ) : null}
          </label>
        ))}
      </fieldset>
    </div>
  );
}

const BURNED_IN: Readonly<Record<BurnedIn, string>> = {
  sequester: 'set aside unless approved',
  blank: 'blank where rules say, else set aside',
  ocr: 'read them and blank all text',
  'ocr-technical': 'read them, blank all but technical words',
  keep: 'keep',
};

function NewProject({ client, onMake }: { client: AnonymizationClient; onMake(project: Project): void }): JSX.Element {
  const [choices, setChoices] = useState<{ profiles: { name: string }[]; keep: string[] }>({ profiles: [], keep: [] });
  const [project, setProject] = useState<Project>({ name: '', profile: 'basic', keep: [], burned_in: 'sequester', deface: false, comment: '' });
  useEffect(() => {
    const controller = new AbortController();
    client.choices(controller.signal).then(setChoices, () => undefined);
    return () => controller.abort();
  }, [client]);
  const toggle = (word: string): void =>
    setProject({ ...project, keep: project.keep.includes(word) ? project.keep.filter((each) => each !== word) : [...project.keep, word] });
  return (
    <form
      className="new-project"
      aria-label={t('New project')}
      onSubmit={(event) => {
        event.preventDefault();
        onMake(project);
      }}
    >
      <label>{t('Name')} <input className="field" required maxLength={64} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" value={project.name} onChange={(event) => setProject({ ...project, name: event.target.value })} /></label>
      <label>
        {t('Profile')}{' '}
        <select className="select" value={project.profile} onChange={(event) => setProject({ ...project, profile: event.target.value })}>
          {choices.profiles.map(({ name }) => <option key={name}>{name}</option>)}
        </select>
      </label>
      <label>
        {t('Pictures with text')}{' '}
        <select className="select" value={project.burned_in} onChange={(event) => setProject({ ...project, burned_in: event.target.value as BurnedIn })}>
          {Object.entries(BURNED_IN).map(([value, words]) => <option key={value} value={value}>{t(words)}</option>)}
        </select>
      </label>
      <label>{t('For whom')} <input className="field" maxLength={1000} value={project.comment} onChange={(event) => setProject({ ...project, comment: event.target.value })} /></label>
      <div className="keeps" role="group" aria-label={t('Keep besides')}>
        <span>{t('Keep besides')}</span>
        {choices.keep.map((word) => (
          <label key={word} className="check"><input type="checkbox" checked={project.keep.includes(word)} onChange={() => toggle(word)} /> {word}</label>
        ))}
      </div>
      <label className="check">
        <input type="checkbox" checked={project.deface} onChange={() => setProject({ ...project, deface: !project.deface })} /> {t('Take faces out of head CT and MR')}
        <span className="muted"> – {t('reduces, does not exclude, that somebody is recognised')}</span>
      </label>
      <button type="submit" className="button">{t('Make project')}</button>
      <p className="muted">{t('A project has a secret key of its own; what it does cannot be changed later.')}</p>
    </form>
  );
}
