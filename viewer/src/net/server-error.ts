// What goes wrong between the viewer and the archive.

import { t } from '../core/language';

export class ServerError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ServerError';
  }
}

/** Nothing is wrong with what was asked for: it can be asked for again once the archive answers, or lets one in, again. */
export class Unreachable extends ServerError {}

/** What the archive says of its refusal. */
export async function describe(response: Response): Promise<string> {
  const fallback = t('The archive answered {status} {statusText}', { status: response.status, statusText: response.statusText }).trim();
  if (!(response.headers.get('content-type') ?? '').includes('json')) return fallback;
  const body: unknown = await response.json().catch(() => undefined);
  const error = (body as { error?: { message?: unknown } } | undefined)?.error?.message;
  return typeof error === 'string' ? error : fallback;
}
