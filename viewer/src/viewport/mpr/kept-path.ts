// The path that is kept of a series among the measurements, for the session that draws it.

import { text } from '../../core/dicom-json';
import { pathOf, type DrawnPath } from '../../core/measure/path';
import type { ImagePlace } from '../../core/measure/types';
import type { Picture } from '../../core/stack';
import type { Signal } from '../../core/lifecycle';
import type { MeasureSession } from '../measure/session';

interface Sessions {
  changed: Signal;
  state(): MeasureSession | undefined;
  want(): Promise<MeasureSession>;
}

export class KeptPath {
  private readonly image: ImagePlace;
  /** Writes that wait for the code of measurements. */
  private waiting = 0;

  /** `picture` is any of the volume. */
  constructor(
    private readonly sessions: Sessions,
    { instance: { dataSet, SOPInstanceUID }, frame }: Picture,
  ) {
    this.image = { StudyInstanceUID: text(dataSet, 'StudyInstanceUID'), SeriesInstanceUID: text(dataSet, 'SeriesInstanceUID'), SOPInstanceUID, frame, reformatted: true };
  }

  read(): DrawnPath | undefined {
    return pathOf(this.sessions.state()?.state().items ?? [], this.image.SeriesInstanceUID)?.path;
  }

  /** In place of the one before; undefined: none any more. */
  write(path: DrawnPath | undefined): void {
    this.waiting += 1;
    void this.sessions.want().then((session) => {
      this.waiting -= 1;
      session.keepPath(this.image, path);
    });
  }

  /** Calls at once and whenever measurements change, but not before what was written is among them; returns what ends that. */
  follow(take: () => void): () => void {
    const changed = (): void => {
      if (this.waiting === 0) take();
    };
    let end = this.sessions.state()?.changed.listen(changed);
    const begun = this.sessions.changed.listen(() => {
      end ??= this.sessions.state()?.changed.listen(changed);
      changed();
    });
    changed();
    return () => {
      end?.();
      begun();
    };
  }
}
