// The volume of a series, with all its phases, as a NIfTI file, slice by slice through the browser's gzip.

import { pictureName } from '../../core/export';
import { baseOf } from '../../core/fusion';
import { t } from '../../core/language';
import { evenSeconds, niftiHeader, reasonAgainstNifti } from '../../core/nifti';
import { pictureInfo } from '../../core/picture-info';
import type { DisplaySet, Picture } from '../../core/stack';
import { volumeAlike, volumeOf, type Volume } from '../../core/volume';
import type { PictureStore } from '../picture-store';
import { download } from './download';
import type { Job } from './job';
import { needsReal, realValues, slicesOf } from './slices';

/** Saves the volume of what is shown, without what lies over it; returns what to tell the user. */
export async function downloadNifti(shown: DisplaySet | undefined, store: Pick<PictureStore, 'load'>, job: Job): Promise<string> {
  if (!shown) return t('No series is open');
  const set = baseOf(shown);
  const answer = volumeOf(set);
  if ('reason' in answer) return t('This series is no volume: {reason}', { reason: answer.reason });
  const { geometry } = answer.volume;
  const reason = reasonAgainstNifti(geometry);
  if (reason) return reason;
  const all = set.phases?.sets.map((of) => ({ of, volume: volumeAlike(of, geometry) })) ?? [];
  const alike = all.filter((phase): phase is Phase => phase.volume !== undefined);
  const whole = all.length > 0 && alike.length === all.length;
  const phases = whole ? alike : [{ of: set, volume: answer.volume }];
  const zipped = typeof CompressionStream !== 'undefined';
  download(await fileOf(phases, store, job, zipped), `${pictureName(set, 'volume')}.nii${zipped ? '.gz' : ''}`);
  job.signal.throwIfAborted();
  const size = [geometry.columns, geometry.rows, geometry.places.length, ...(whole ? [phases.length] : [])].join(' × ');
  return [t('The volume is saved: {size} voxels', { size }), ...(all.length > 0 && !whole ? [t('only the phase that is shown: the others lie elsewhere')] : []), ...answer.volume.notes].join('; ');
}

interface Phase {
  of: DisplaySet;
  volume: Volume;
}

async function fileOf(phases: readonly Phase[], store: Pick<PictureStore, 'load'>, job: Job, zipped: boolean): Promise<Blob> {
  const pieces = piecesOf(phases, store, job);
  const bytes = new ReadableStream<BufferSource>({
    async pull(controller) {
      const next = await pieces.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
  return new Response((zipped ? bytes.pipeThrough(new CompressionStream('gzip')) : bytes) as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
}

async function* piecesOf(phases: readonly Phase[], store: Pick<PictureStore, 'load'>, { signal, progress }: Job): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const pictures = phases.flatMap(({ volume }) => volume.pictures);
  const floating = needsReal(pictures);
  const [{ of, volume }] = phases as [Phase];
  const { slope, intercept } = pictureInfo(pictures[0] as Picture).transform;
  yield niftiHeader(volume.geometry, { floating, slope, intercept, phases: phases.length, seconds: phases.length > 1 ? evenSeconds(of.phases?.times) : undefined });
  let done = 0;
  for (const phase of phases) {
    for await (const slice of slicesOf(store, phase.of, phase.volume.pictures, signal)) {
      yield new Uint8Array((floating ? realValues(slice) : Int16Array.from(slice.pixels)).buffer);
      done += 1;
      progress(done, pictures.length);
    }
  }
}
