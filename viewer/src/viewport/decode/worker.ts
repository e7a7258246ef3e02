// The decoding worker: jobs come in one at a time, pixels go back without a copy.

import { pack } from '../../core/packing';
import { release } from '../../net/release';
import { decodeFrame, UnsupportedSyntax, type DecodeJob, type DecodedFrame, type PackedFrame } from './decode';
import { DecodeProblem, type Told } from './problem';

export type DecodeRequest = { id: number; packed: boolean } & DecodeJob;
export type DecodeAnswer = { id: number } & ({ frame: DecodedFrame | PackedFrame } | { error: string; values: Told; unsupported: boolean });

interface WorkerScope {
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
  postMessage(answer: DecodeAnswer, transfer?: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data: { id, packed: wanted, ...job } }) => {
  decodeFrame(job).then(
    ({ pixels: decoded, ...rest }) => {
      const packed = wanted && rest.samples === 1 ? pack(decoded, job.description.Columns) : undefined;
      if (packed) {
        scope.postMessage({ id, frame: { ...rest, packed } }, [packed.words.buffer]);
        release(decoded.buffer as ArrayBuffer);
        return;
      }
      const pixels = decoded.byteLength === decoded.buffer.byteLength ? decoded : decoded.slice();
      scope.postMessage({ id, frame: { ...rest, pixels } }, [pixels.buffer]);
    },
    (error: unknown) => scope.postMessage({ id, error: reason(error), values: error instanceof DecodeProblem ? error.values : {}, unsupported: error instanceof UnsupportedSyntax }),
  );
};

function reason(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : 'The compressed data cannot be decoded';
}
