import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LATE, whenLate } from '../src/net/late';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a slow archive is spoken of after eight seconds, once', () => {
  const say = vi.fn();
  whenLate(say);
  vi.advanceTimersByTime(LATE - 1);
  expect([LATE, say.mock.calls.length]).toEqual([8000, 0]);
  vi.advanceTimersByTime(1);
  expect(say).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10 * LATE);
  expect(say).toHaveBeenCalledTimes(1);
});

test('nothing is said of what has come, and the next one has its own time', () => {
  const say = vi.fn();
  const came = whenLate(say);
  vi.advanceTimersByTime(LATE / 2);
  came();
  whenLate(say);
  vi.advanceTimersByTime(LATE / 2);
  expect(say).not.toHaveBeenCalled();
  vi.advanceTimersByTime(LATE / 2);
  expect(say).toHaveBeenCalledTimes(1);
});
