// Whether the archive answers and lets the user in. Every request goes through here and tells; while there is no answer the
// archive is asked again by itself, and who had to give up is told when it is back. Logins are a proxy's: it answers 401, or
// leads to a page of its own.

import { t } from '../core/language';
import { Signal } from '../core/lifecycle';
import { ServerError, Unreachable, describe } from './server-error';
import { API } from './site';

export type Reach = 'reached' | 'unreachable' | 'login';

/** Time between two attempts, in ms: the longer it fails, the seldomer. */
const SOONEST = 1000;
const SELDOMEST = 15_000;

/** What a proxy answers for an archive that does not. */
const GATEWAY: ReadonlySet<number> = new Set([502, 504]);

const isPage = (response: Response): boolean => response.ok && (response.headers.get('content-type') ?? '').startsWith('text/html');

/** Nothing that the viewer asks for is a page or elsewhere. */
const asksForLogin = (response: Response): boolean => response.status === 401 || response.type === 'opaqueredirect' || isPage(response);

type Ask = (url: string, request: RequestInit) => Promise<Response>;

export class Connection {
  readonly changed = new Signal();
  /** The archive answers again. */
  readonly restored = new Signal();
  private reach: Reach = 'reached';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = SOONEST;

  constructor(
    private readonly probe = `${API}/system`,
    private readonly ask: Ask = (url, request) => fetch(url, request),
  ) {}

  readonly state = (): Reach => this.reach;

  /** An answer below 400, 304, or one of `statuses`; else a ServerError that says why. `ask` asks in a way of its own. */
  async fetch(url: string, request: RequestInit = {}, statuses: readonly number[] = [], ask = this.ask): Promise<Response> {
    const response = (await this.asked(url, request, ask)) ?? (await this.again(url, request));
    if (asksForLogin(response)) throw this.lost('login');
    if (GATEWAY.has(response.status)) throw this.lost('unreachable');
    this.found();
    if (response.ok || response.status === 304 || statuses.includes(response.status)) return response;
    throw new ServerError(response.status, await describe(response));
  }

  /** Undefined where there is no answer at all. */
  private asked(url: string, request: RequestInit, ask = this.ask): Promise<Response | undefined> {
    return ask(url, { ...request, redirect: 'manual' }).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      return undefined;
    });
  }

  /** After no answer: where the archive answers otherwise, this request is tried once more, and is then what is wrong. */
  private async again(url: string, request: RequestInit): Promise<Response> {
    if (url === this.probe || !(await this.answers())) throw this.lost(this.reach === 'login' ? 'login' : 'unreachable');
    const response = (request.method ?? 'GET') === 'GET' ? await this.asked(url, request) : undefined;
    if (!response) throw new ServerError(0, t('The archive cannot be reached'));
    return response;
  }

  /** Asks at once whether it is back. */
  readonly look = (): void => {
    if (this.reach === 'reached') return;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.look, this.wait);
    this.wait = Math.min(SELDOMEST, this.wait * 1.5);
    this.fetch(this.probe).catch(() => undefined);
  };

  /** Asks whether there is an answer now. */
  async answers(): Promise<boolean> {
    await this.fetch(this.probe).catch(() => undefined);
    return this.reach === 'reached';
  }

  /** Waits until there is an answer again, or nobody waits any more. */
  back(signal: AbortSignal): Promise<void> {
    if (this.reach === 'reached' || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.restored.listen(done);
      signal.addEventListener('abort', done);
      function done(): void {
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  private lost(reach: 'unreachable' | 'login'): Unreachable {
    if (this.reach === 'reached') this.timer = setTimeout(this.look, (this.wait = SOONEST));
    this.become(reach);
    return reach === 'login' ? new Unreachable(401, t('Your login has expired')) : new Unreachable(0, t('The archive cannot be reached'));
  }

  private found(): void {
    if (this.reach === 'reached') return;
    clearTimeout(this.timer);
    this.become('reached');
    this.restored.emit();
  }

  private become(reach: Reach): void {
    if (reach === this.reach) return;
    this.reach = reach;
    this.changed.emit();
  }
}

/** The one of this page: there is one archive, and all that asks it shares what is known of it. */
export const connection = new Connection();
