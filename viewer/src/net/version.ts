// Whether the archive has a newer viewer than the one that is open: then its page names another first script. What runs goes on; code of
// it that is gone from the archive cannot come any more.

import { Signal } from '../core/lifecycle';
import { connection, type Connection } from './connection';
import { SITE } from './site';

export type VersionState = 'current' | 'newer' | 'broken';

/** The archive is not asked more often than this because somebody looks at the page again, in ms. */
const SELDOM = 600_000;

/** The first script that a page names, without the way to it; "" where it is no page of the viewer. */
export const firstScript = (page: string): string => /<script[^>]*\ssrc="[^"]*?([^/"]+)"/.exec(page)?.[1] ?? '';

const shown = (): string => (typeof document === 'undefined' ? '' : firstScript(document.querySelector('script[type=module][src]')?.outerHTML ?? ''));

const askedPage = async (): Promise<string> => {
  const answer = await fetch(`${SITE}/index.html`, { cache: 'no-cache' });
  return answer.ok ? answer.text() : '';
};

export class Version {
  readonly changed = new Signal();
  private current: VersionState = 'current';
  private asked = 0;

  constructor(
    readonly own = shown(),
    private readonly page = askedPage,
    private readonly reach: Pick<Connection, 'answers'> = connection,
  ) {}

  readonly state = (): VersionState => this.current;

  /** Asks the archive; true where it has another viewer than this. */
  async isNewer(): Promise<boolean> {
    this.asked = Date.now();
    const theirs = await this.page().then(firstScript, () => '');
    const newer = theirs !== '' && this.own !== '' && theirs !== this.own;
    if (newer) this.become('newer');
    return newer;
  }

  /** Code did not come: says so where it will not come later either. */
  async missing(): Promise<void> {
    if (this.current !== 'current' || (await this.isNewer()) || !(await this.reach.answers())) return;
    this.become('broken');
  }

  /** Asks if it has not been asked for a while. */
  look(): void {
    if (Date.now() - this.asked > SELDOM) void this.isNewer();
  }

  /** Says no more of it; what runs goes on as far as it can. */
  leave(): void {
    this.become('current');
  }

  private become(state: VersionState): void {
    if (state === this.current) return;
    this.current = state;
    this.changed.emit();
  }
}

/** The one of this page. */
export const version = new Version();
