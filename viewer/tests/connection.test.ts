import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../src/net/connection';
import { ServerError, Unreachable } from '../src/net/server-error';

const json = (status = 200): Response => new Response(status === 204 ? null : '{}', { status, headers: { 'content-type': 'application/json' } });

/** A connection whose archive gives these answers in turn, the last of them for ever. */
function answering(...answers: (() => Response)[]) {
  const asked: string[] = [];
  const connection = new Connection('/probe', (url) => {
    asked.push(url);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return new Promise((resolve) => resolve((answer as () => Response)()));
  });
  return { connection, asked };
}
const gone = (): never => {
  throw new TypeError('Failed to fetch');
};

describe('Connection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives answers, and errors of the archive, without a word of the connection', async () => {
    const { connection } = answering(json, () => json(404), () => json(412));
    expect((await connection.fetch('/a')).status).toBe(200);
    await expect(connection.fetch('/a')).rejects.toBeInstanceOf(ServerError);
    expect((await connection.fetch('/a', {}, [412])).status).toBe(412);
    expect(connection.state()).toBe('reached');
  });

  it('asks again by itself and tells when the archive is back', async () => {
    const { connection, asked } = answering(gone, gone, gone, json);
    const back = vi.fn();
    connection.restored.listen(back);
    await expect(connection.fetch('/a')).rejects.toBeInstanceOf(Unreachable);
    expect(connection.state()).toBe('unreachable');
    const waited = connection.back(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(1000);
    expect(back).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1500);
    await waited;
    expect([connection.state(), back.mock.calls.length, asked]).toEqual(['reached', 1, ['/a', '/probe', '/probe', '/probe']]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(4);
  });

  it('asks once more for what alone was not answered, and says nothing of the connection', async () => {
    const { connection, asked } = answering(gone, json, json);
    expect((await connection.fetch('/a')).status).toBe(200);
    expect(asked).toEqual(['/a', '/probe', '/a']);
    const { connection: other } = answering(gone, json, gone);
    const changed = vi.fn();
    other.changed.listen(changed);
    await expect(other.fetch('/a')).rejects.not.toBeInstanceOf(Unreachable);
    expect(changed).not.toHaveBeenCalled();
  });

  it('does not send twice what changes something', async () => {
    const { connection, asked } = answering(gone, json);
    await expect(connection.fetch('/a', { method: 'POST' })).rejects.toBeInstanceOf(ServerError);
    expect(asked).toEqual(['/a', '/probe']);
  });

  it.each([
    ['401', () => json(401)],
    ['a page in place of an answer', () => new Response('<form>', { headers: { 'content-type': 'text/html; charset=utf-8' } })],
    ['being led elsewhere', () => Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' })],
  ])('takes %s for an expired login', async (_, answer) => {
    const { connection } = answering(answer);
    await expect(connection.fetch('/a')).rejects.toMatchObject({ status: 401 });
    expect(connection.state()).toBe('login');
  });

  it('takes a proxy without its archive for an archive out of reach', async () => {
    const { connection } = answering(() => json(502));
    await expect(connection.fetch('/a')).rejects.toBeInstanceOf(Unreachable);
  });

  it('leaves requests that were called off alone', async () => {
    const { connection } = answering(() => {
      throw new DOMException('Cancelled', 'AbortError');
    });
    await expect(connection.fetch('/a')).rejects.toMatchObject({ name: 'AbortError' });
    expect(connection.state()).toBe('reached');
  });
});
