// The decoding worker: jobs come in one at a time, pixels go back without a copy.

import { decodeFrame, UnsupportedSyntax, type DecodeJob, type DecodedFrame } from './decode';
import { DecodeProblem, type Told } from './problem';

export type DecodeRequest = { id: number } & DecodeJob;
export type DecodeAnswer = { id: number } & ({ frame: DecodedFrame } | { error: string; values: Told; unsupported: boolean });

interface WorkerScope {
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
  postMessage(answer: DecodeAnswer, transfer?: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data: { id, ...job } }) => {
  decodeFrame(job).then(
    (frame) => {
      const pixels = frame.pixels.byteLength === frame.pixels.buffer.byteLength ? frame.pixels : frame.pixels.slice();
      scope.postMessage({ id, frame: { ...frame, pixels } }, [pixels.buffer]);
    },
    (error: unknown) => scope.postMessage({ id, error: reason(error), values: error instanceof DecodeProblem ? error.values : {}, unsupported: error instanceof UnsupportedSyntax }),
  );
};

function reason(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : 'The compressed data cannot be decoded';
}
