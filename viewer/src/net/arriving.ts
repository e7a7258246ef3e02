// Bodies of answers that are read as they come, for whoever can use their beginning.

export interface Arrived {
  /** What has come, in memory that the rest will be written behind. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Time in ms until all has come, if it goes on as before. */
  remaining: number;
}

/** Shorter ones are there before anything could be made of their beginning. */
const SHORTEST = 2 ** 18;

/** Whether it has not come yet: much comes at once to a page that was busy. */
const isAwaited = (piece: Promise<unknown>): Promise<boolean> => Promise.race([piece.then(() => false), new Promise<true>((resolve) => setTimeout(() => resolve(true)))]);

/** The whole body; `told` hears of what there is each time that more is waited for, where it is long and says how long. */
export async function readArriving(response: Response, told: (arrived: Arrived) => void, now = (): number => performance.now()): Promise<ArrayBuffer> {
  const total = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length'));
  if (!response.body || !(total >= SHORTEST)) return response.arrayBuffer();
  const bytes = new Uint8Array(total);
  const reader = response.body.getReader();
  let first: { at: number; time: number } | undefined;
  let at = 0;
  let next = reader.read();
  for (let piece = await next; !piece.done; piece = await next) {
    bytes.set(piece.value, at);
    at += piece.value.length;
    next = reader.read();
    if (first && at > first.at && (await isAwaited(next))) told({ bytes: bytes.subarray(0, at), remaining: ((total - at) * (now() - first.time)) / (at - first.at) });
    first ??= { at, time: now() };
  }
  return at === total ? bytes.buffer : bytes.slice(0, at).buffer;
}
