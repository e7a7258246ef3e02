// Finds what the reports of the open studies measured, as they are listed, and hands it to the measurements.

import { readReported, type ReportedSource } from '../../core/measure/reported';
import { isReport } from '../../core/report';
import type { Instance } from '../../core/stack';
import type { StudyLoader } from '../study-loader';
import type { MeasureSession } from './session';

export class ReportWatch {
  private readonly known = new WeakMap<Instance, ReportedSource | null>();
  private given = '';
  private readonly unlisten: () => void;

  constructor(
    private readonly loader: StudyLoader,
    private readonly sessions: { want(): Promise<MeasureSession> },
  ) {
    this.unlisten = loader.changed.listen(() => this.look());
  }

  dispose(): void {
    this.unlisten();
  }

  private look(): void {
    const documents = this.loader.state().series.flatMap(({ sets }) => sets ?? []).filter(({ kind }) => kind === 'document');
    const found = documents.flatMap(({ instances }) => instances.flatMap((instance) => this.read(instance) ?? []));
    const now = found.map(({ SOPInstanceUID }) => SOPInstanceUID).join();
    if (now === this.given) return;
    this.given = now;
    void this.sessions.want().then((session) => session.setReported(found));
  }

  private read(instance: Instance): ReportedSource | null {
    const cached = this.known.get(instance);
    if (cached !== undefined) return cached;
    const read = isReport(instance.dataSet) ? (readReported(instance.dataSet) ?? null) : null;
    this.known.set(instance, read);
    return read;
  }
}
