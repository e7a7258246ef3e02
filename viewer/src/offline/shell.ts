// What the viewer itself consists of, kept by the browser so that the page opens without the archive: the files of one build, each
// checked by its digest, in a cache of that build. Code is named by its content, so what an older page asks for is never answered
// with newer code. Pages come from the archive where it answers. Nothing else is looked at: no request of DICOMweb or of the
// management API, no address of a page with what it names. Without the browser's own objects, so that it can be tested.

export interface Build {
  version: string;
  /** Paths below the viewer's address, with the digest that a browser checks (Subresource Integrity). */
  files: Readonly<Record<string, string>>;
}

/** What of the browser is used. */
export interface Browser {
  caches: Pick<CacheStorage, 'open' | 'keys' | 'delete'>;
  fetch(request: Request | string, init?: RequestInit): Promise<Response>;
  /** Resolves when a page has been waited for long enough. */
  patience(): Promise<void>;
}

export interface Asked {
  url: string;
  method: string;
  mode: string;
}

const PAGE = 'index.html';
/** Where everything is named by its content. */
const CODE = 'assets/';
const PAGES: ReadonlySet<string> = new Set(['', 'viewer', PAGE]);
/** What a proxy answers for an archive that does not. */
const GATEWAY: ReadonlySet<number> = new Set([502, 503, 504]);
/** Files fetched at the same time, so that images are not kept waiting. */
const AT_ONCE = 3;

export class Shell {
  private readonly family: string;
  private readonly name: string;

  /** `root` is the viewer's address, with a slash at its end. */
  constructor(
    private readonly build: Build,
    private readonly root: string,
    private readonly browser: Browser,
  ) {
    this.family = `isocenter ${new URL(root).pathname} `;
    this.name = this.family + build.version;
  }

  /** Fetches and keeps every file; fails, and is tried again later, where one is not of this build. */
  async install(): Promise<void> {
    const cache = await this.browser.caches.open(this.name);
    const left = Object.entries(this.build.files);
    const fetchSome = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) await this.keep(cache, ...next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, fetchSome));
  }

  /** Removes what is kept of other builds. */
  async activate(): Promise<void> {
    const names = await this.browser.caches.keys();
    const old = names.filter((name) => name.startsWith(this.family) && name !== this.name);
    await Promise.all(old.map((name) => this.browser.caches.delete(name)));
  }

  /** Whether a page that begins with this script is of this build. */
  isOf(script: unknown): boolean {
    return typeof script === 'string' && `${CODE}${script}` in this.build.files;
  }

  /** The answer to a request; undefined where the browser asks as it would without us. `ask` asks the network. */
  answer({ url, method, mode }: Asked, ask: () => Promise<Response>): Promise<Response> | undefined {
    if (method !== 'GET' || !url.startsWith(this.root)) return undefined;
    const path = url.slice(this.root.length).replace(/[?#].*$/s, '');
    if (mode === 'navigate') return PAGES.has(path) ? this.fresh(PAGE, ask) : undefined;
    if (path === PAGE || !(path in this.build.files)) return undefined; // whoever asks for the page so wants to know what the archive has
    return path.startsWith(CODE) ? this.kept(path, ask) : this.fresh(path, ask);
  }

  private async keep(cache: Cache, path: string, integrity: string): Promise<void> {
    const caching = path.startsWith(CODE) ? 'default' : 'no-cache';
    const url = this.root + path;
    const response = await this.browser.fetch(url, { cache: caching, integrity, priority: 'low', redirect: 'error' });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await cache.put(url, response);
  }

  private async find(path: string): Promise<Response | undefined> {
    const cache = await this.browser.caches.open(this.name);
    return cache.match(this.root + path, { ignoreVary: true });
  }

  private async kept(path: string, ask: () => Promise<Response>): Promise<Response> {
    return (await this.find(path)) ?? ask();
  }

  /** From the archive; what is kept where it does not answer, or not in time. */
  private async fresh(path: string, ask: () => Promise<Response>): Promise<Response> {
    const asked = ask();
    asked.catch(() => undefined);
    const kept = await this.find(path);
    if (!kept) return asked;
    const answered = asked.then(
      (response) => (GATEWAY.has(response.status) ? kept : response),
      () => kept,
    );
    return Promise.race([answered, this.browser.patience().then(() => kept)]);
  }
}
