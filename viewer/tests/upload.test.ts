import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DataSet } from '../src/core/dicom-json';
import { fits, MOST_BYTES, MOST_FILES, outcomeOf, Rate, type Sendable } from '../src/core/upload';
import { connection } from '../src/net/connection';
import { ServerError, Unreachable } from '../src/net/server-error';
import { bodyOf } from '../src/net/stow';
import { Uploads } from '../src/ui/uploads';

const sendable = (uid: string, size = 10): Sendable => ({ path: `${uid}.dcm`, SOPInstanceUID: uid, content: { size } });
const named = (uid: string, more: DataSet = {}): DataSet => ({ '00081155': { vr: 'UI', Value: [uid] }, ...more });
const failure = (comment: string): DataSet => ({ '00081197': { vr: 'US', Value: [0xa900] }, ...(comment ? { '00000902': { vr: 'LO', Value: [comment] } } : {}) });
const answerOf = (stored: DataSet[], failed: DataSet[] = [], other: DataSet[] = []): DataSet => ({
  '00081199': { vr: 'SQ', Value: stored },
  '00081198': { vr: 'SQ', Value: failed },
  '0008119A': { vr: 'SQ', Value: other },
});

test('requests are bounded in bytes and files, and name no object twice', () => {
  expect(fits([], sendable('1', 10 * MOST_BYTES))).toBe(true);
  expect(fits([sendable('1', MOST_BYTES - 5)], sendable('2', 6))).toBe(false);
  expect(fits([sendable('1', MOST_BYTES - 5)], sendable('2', 5))).toBe(true);
  expect(fits([sendable('1')], sendable('1'))).toBe(false);
  expect(fits(Array.from({ length: MOST_FILES }, (_, at) => sendable(`${at}`)), sendable('x'))).toBe(false);
});

test('the answer says of each file what became of it', () => {
  const batch = ['1', '2', '3', '4'].map((uid) => sendable(uid));
  const warned = named('2', { '00081196': { vr: 'US', Value: [0xb000] } });
  const { stored, conflicts, refused, unknown } = outcomeOf(batch, answerOf([named('1'), warned], [named('3', failure('no room'))], [failure('broken')]));
  expect([stored, conflicts, unknown].map((some) => some.map(({ path }) => path))).toEqual([['1.dcm'], ['2.dcm'], ['4.dcm']]);
  expect(refused).toEqual([{ path: '3.dcm', reason: 'no room' }]);
});

test('of a file that is sent alone every failure is its own', () => {
  expect(outcomeOf([sendable('1')], answerOf([], [], [failure('broken')])).refused).toEqual([{ path: '1.dcm', reason: 'broken' }]);
  expect(outcomeOf([sendable('1')], answerOf([], [named('other', failure(''))])).refused).toEqual([{ path: '1.dcm', reason: '0xA900' }]);
  expect(outcomeOf([sendable('1')], {}).unknown).toHaveLength(1);
});

test('the rate is that of the last seconds', () => {
  const rate = new Rate();
  expect(rate.perSecond()).toBe(0);
  for (const [at, bytes] of [[0, 0], [10_000, 1000], [11_000, 3000], [12_000, 5000]] as const) rate.note(at, bytes);
  expect(rate.perSecond()).toBe(2000);
});

test('a body is what the standard has: parts with their type', async () => {
  const body = await bodyOf([new Blob(['one']), new Blob(['two'])], 'edge').text();
  expect(body).toBe('--edge\r\nContent-Type: application/dicom\r\n\r\none\r\n--edge\r\nContent-Type: application/dicom\r\n\r\ntwo\r\n--edge--\r\n');
});

/** A small DICOM file: SOP Instance UID alone. */
function file(uid: string, filler = 0) {
  const element = (group: number, number: number, vr: string, value: string): number[] => [group & 255, group >> 8, number & 255, number >> 8, vr.charCodeAt(0), vr.charCodeAt(1), value.length, 0, ...value.split('').map((one) => one.charCodeAt(0))];
  const bytes = new Uint8Array([...element(8, 0x18, 'UI', uid.padEnd(uid.length + (uid.length % 2), '\0')), ...element(8, 0x60, 'CS', `C${filler}`)]);
  return { path: `${uid}.dcm`, open: () => Promise.resolve(new Blob([bytes])) };
}
const uidsOf = async (contents: readonly Blob[]): Promise<string[]> => Promise.all(contents.map(async (content) => (await content.text()).slice(8, 11)));
const all = async (contents: readonly Blob[]) => ({ answer: answerOf((await uidsOf(contents)).map((uid) => named(uid))), message: '' });

beforeEach(() => void vi.stubGlobal('window', { addEventListener: () => undefined, removeEventListener: () => undefined }));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('what is stored is counted once, what is no object or twice there is told', async () => {
  const uploads = new Uploads(all);
  const words = { path: 'README', open: () => Promise.resolve(new Blob(['no object'])) };
  await uploads.add(Promise.resolve([file('1.1'), file('1.2'), words, file('1.1')]));
  const { phase, files, settled, stored, skipped } = uploads.state();
  expect([phase, files, settled, stored]).toEqual(['done', 4, 4, 2]);
  expect(skipped.map(({ path }) => path)).toEqual(['README', '1.1.dcm']);
});

test('a lost connection is waited for, and the request is sent again', async () => {
  const store = vi.fn(all).mockRejectedValueOnce(new Unreachable(0, 'away')).mockRejectedValueOnce(new ServerError(0, 'broken off'));
  const back = vi.spyOn(connection, 'back').mockResolvedValue();
  const uploads = new Uploads(store);
  await uploads.add(Promise.resolve([file('1.1'), file('1.2')]));
  expect([store.mock.calls.length, back.mock.calls.length, uploads.state().stored, uploads.state().phase]).toEqual([3, 1, 2, 'done']);
});

test('who is not named in the answer is sent alone', async () => {
  const store = vi.fn(async (contents: readonly Blob[]) => ({ answer: answerOf((await uidsOf(contents)).filter((uid) => uid === '1.1').map((uid) => named(uid)), [], [failure('no meta information')]), message: '' }));
  const uploads = new Uploads(store);
  await uploads.add(Promise.resolve([file('1.1'), file('1.2'), file('1.3')]));
  expect(store.mock.calls.map(([contents]) => contents.length)).toEqual([3, 1, 1]);
  expect(uploads.state().refused).toEqual(['1.2.dcm', '1.3.dcm'].map((path) => ({ path, reason: 'no meta information' })));
  expect([uploads.state().settled, uploads.state().stored]).toEqual([3, 1]);
});

test('a refusal of everything ends it and says why', async () => {
  const uploads = new Uploads(() => Promise.reject(new ServerError(403, 'not from here')));
  await uploads.add(Promise.resolve([file('1.1')]));
  expect([uploads.state().phase, uploads.state().message, uploads.busy]).toEqual(['failed', 'not from here', false]);
  uploads.close();
  expect(uploads.state().phase).toBe('idle');
});

test('it can be cancelled, and begun again', async () => {
  const stuck = vi.fn((_contents: readonly Blob[], signal: AbortSignal) => new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))));
  const uploads = new Uploads(stuck);
  const running = uploads.add(Promise.resolve([file('1.1')]));
  await vi.waitFor(() => expect(stuck).toHaveBeenCalled());
  uploads.cancel();
  await running;
  expect([uploads.state().phase, uploads.busy]).toEqual(['cancelled', false]);
  stuck.mockImplementationOnce(all as never);
  await uploads.add(Promise.resolve([file('1.1')]));
  expect([uploads.state().phase, uploads.state().stored]).toEqual(['done', 1]);
});
