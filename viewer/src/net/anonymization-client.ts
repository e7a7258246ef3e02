// De-identification in the management API: projects, previews, jobs.

import type { BurnedIn, Counts, NotWritten, SeriesPreview } from '../core/anonymize/decisions';
import { connection } from './connection';
import { API } from './site';

export interface Project {
  name: string;
  profile: string;
  keep: string[];
  burned_in: BurnedIn;
  deface: boolean;
  comment: string;
}
export interface HeaderRow {
  tag: string;
  name: string;
  vr: string;
  depth: number;
  before: string;
  after: string;
  change: 'kept' | 'changed' | 'removed' | 'added';
  why: string;
}
export type ObjectPreview = SeriesPreview & { header: HeaderRow[] };
export type Target = 'folder' | 'archive' | 'peer';
export interface Job {
  id: number;
  project: string;
  target: Target;
  peer: string;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  detail: string;
  created: string;
  objects: number;
  done: number;
  counts: Counts;
}
export interface StudyReport {
  StudyInstanceUID: string;
  becomes: string[];
  not_written: NotWritten[];
}
export type JobReport = Job & { studies: StudyReport[] };
export interface Wish {
  project: string;
  studies: readonly string[];
  target: Target;
  peer: string;
  areas: Record<string, unknown>;
}

export class AnonymizationClient {
  constructor(private readonly api = API) {}

  projects(signal?: AbortSignal): Promise<Project[]> {
    return this.ask('/anonymization/projects', signal ? { signal } : {});
  }

  choices(signal?: AbortSignal): Promise<{ profiles: { name: string; options: string[] }[]; keep: string[]; burned_in: BurnedIn[] }> {
    return this.ask('/anonymization/choices', signal ? { signal } : {});
  }

  addProject(project: Project): Promise<Project> {
    return this.ask('/anonymization/projects', body(project));
  }

  peers(signal?: AbortSignal): Promise<{ aet: string }[]> {
    return this.ask('/peers', signal ? { signal } : {});
  }

  preview(study: string, project: string, signal: AbortSignal): Promise<SeriesPreview[]> {
    return this.ask(`/anonymization/preview/${study}?project=${encodeURIComponent(project)}`, { signal });
  }

  previewObject(study: string, series: string, project: string, at: number, signal: AbortSignal): Promise<ObjectPreview> {
    return this.ask(`/anonymization/preview/${study}/series/${series}?project=${encodeURIComponent(project)}&at=${at}`, { signal });
  }

  jobs(signal?: AbortSignal): Promise<Job[]> {
    return this.ask('/anonymization/jobs?limit=20', signal ? { signal } : {});
  }

  job(id: number, signal?: AbortSignal): Promise<JobReport> {
    return this.ask(this.path(id), signal ? { signal } : {});
  }

  run(wish: Wish): Promise<Job> {
    return this.ask('/anonymization/jobs', body(wish));
  }

  cancel(id: number): Promise<Job> {
    return this.ask(`${this.path(id)}/cancel`, { method: 'POST' });
  }

  resume(id: number): Promise<Job> {
    return this.ask(`${this.path(id)}/resume`, { method: 'POST' });
  }

  remove(id: number): Promise<void> {
    return this.ask(`${this.path(id)}?confirm=${id}`, { method: 'DELETE' });
  }

  resultUrl(id: number, what: 'zip' | 'summary' | 'summary.csv'): string {
    return `${this.api}${this.path(id)}/${what}`;
  }

  statementUrl(project: string): string {
    return `${this.api}/anonymization/projects/${encodeURIComponent(project)}/statement`;
  }

  private path(id: number): string {
    return `/anonymization/jobs/${id}`;
  }

  private async ask<Answer>(path: string, request: RequestInit): Promise<Answer> {
    const response = await connection.fetch(this.api + path, request);
    return (response.status === 204 ? undefined : await response.json()) as Answer;
  }
}

const body = (value: unknown): RequestInit => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });
