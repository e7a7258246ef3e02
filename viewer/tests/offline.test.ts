import { afterEach, expect, test, vi } from 'vitest';
import { Unsaved } from '../src/core/unsaved';
import { patient } from '../src/net/patient';
import { firstScript, Version, version } from '../src/net/version';
import { Shell, type Browser, type Build } from '../src/offline/shell';

const ROOT = 'https://pacs.example/imaging/';
const build = (version: string): Build => ({ version, files: { 'index.html': 'sha256-page', 'icon.svg': 'sha256-icon', [`assets/main-${version}.js`]: 'sha256-code' } });

/** Caches that keep texts, and a network that answers with the address that was asked for, unless it is down. */
class FakeBrowser implements Browser {
  readonly kept = new Map<string, Map<string, string>>();
  readonly asked: { url: string; integrity: string }[] = [];
  broken = '';
  patience = (): Promise<void> => new Promise(() => undefined);
  readonly caches = {
    open: (name: string) => Promise.resolve(this.cache(name)),
    keys: () => Promise.resolve([...this.kept.keys()]),
    delete: (name: string) => Promise.resolve(this.kept.delete(name)),
  };

  fetch = (request: Request | string, init: RequestInit = {}): Promise<Response> => {
    const url = request as string;
    this.asked.push({ url, integrity: init.integrity ?? '' });
    return Promise.resolve(new Response(url, { status: this.broken && url.endsWith(this.broken) ? 404 : 200 }));
  };

  private cache(name: string): Cache {
    const files = this.kept.get(name) ?? new Map<string, string>();
    this.kept.set(name, files);
    return {
      put: async (url: string, response: Response) => void files.set(url, await response.text()),
      match: (url: string) => Promise.resolve(files.has(url) ? new Response(`kept ${files.get(url)}`) : undefined),
    } as unknown as Cache;
  }
}

const get = (path: string, mode = 'cors') => ({ url: ROOT + path, method: 'GET', mode });
const up = () => Promise.resolve(new Response('from the archive'));
const down = () => Promise.reject(new TypeError('Failed to fetch'));

async function installed(name = 'a') {
  const browser = new FakeBrowser();
  const shell = new Shell(build(name), ROOT, browser);
  await shell.install();
  await shell.activate();
  const answer = async (path: string, mode?: string, ask: () => Promise<Response> = down) => (await shell.answer(get(path, mode), ask))?.text();
  return { browser, shell, answer };
}

test('every file of a build is fetched and checked by its digest', async () => {
  const { browser } = await installed();
  expect(browser.asked.map(({ integrity }) => integrity).sort()).toEqual(['sha256-code', 'sha256-icon', 'sha256-page']);
  expect([...(browser.kept.get('isocenter /imaging/ a') ?? []).keys()].sort()).toEqual([`${ROOT}assets/main-a.js`, `${ROOT}icon.svg`, `${ROOT}index.html`]);
});

test('a build that is not whole is not installed', async () => {
  const browser = new FakeBrowser();
  browser.broken = 'main-a.js';
  await expect(new Shell(build('a'), ROOT, browser).install()).rejects.toThrow('assets/main-a.js: 404');
});

test('without the archive there are the page and its code, with it the page is the archive’s', async () => {
  const { answer } = await installed();
  const page = `kept ${ROOT}index.html`;
  for (const path of ['', 'viewer?StudyInstanceUIDs=1.2', 'index.html']) expect(await answer(path, 'navigate')).toBe(page);
  expect(await answer('', 'navigate', up)).toBe('from the archive');
  expect(await answer('', 'navigate', () => Promise.resolve(new Response('', { status: 502 })))).toBe(page);
  expect(await answer('', 'navigate', () => Promise.resolve(new Response('no', { status: 403 })))).toBe('no');
  expect(await answer('icon.svg')).toBe(`kept ${ROOT}icon.svg`);
  expect(await answer('assets/main-a.js', 'cors', up)).toBe(`kept ${ROOT}assets/main-a.js`);
});

test('an archive that does not answer in time is not waited for', async () => {
  const { browser, answer } = await installed();
  browser.patience = () => Promise.resolve();
  expect(await answer('', 'navigate', () => new Promise(() => undefined))).toBe(`kept ${ROOT}index.html`);
});

test.each([
  get('api/system'),
  get('dicom-web/studies'),
  get('dicom-web/studies/1.2/rendered', 'navigate'),
  get('docs', 'navigate'),
  get('viewer/deeper', 'navigate'),
  get('assets/main-b.js'),
  get('index.html'),
  { ...get('index.html'), method: 'POST' },
  { ...get(''), url: 'https://pacs.example/', mode: 'navigate' },
])('what is not the viewer’s is left alone: $url $method', async (request) => {
  const { shell, browser } = await installed();
  expect(shell.answer(request, down)).toBeUndefined();
  expect([...browser.kept.values()].flatMap((files) => [...files.keys()])).toHaveLength(3);
});

test('a new build takes the place of the old one, and of nothing else', async () => {
  const { browser } = await installed('a');
  for (const other of ['isocenter / a', 'isocenter /imaging/other/ a', 'somebody else']) await browser.caches.open(other);
  const next = new Shell(build('b'), ROOT, browser);
  await next.install();
  expect(browser.kept.has('isocenter /imaging/ a')).toBe(true);
  await next.activate();
  expect([...browser.kept.keys()].sort()).toEqual(['isocenter / a', 'isocenter /imaging/ b', 'isocenter /imaging/other/ a', 'somebody else']);
});

test.each([
  ['main-b.js', true],
  ['main-a.js', false],
  ['', false],
  [undefined, false],
])('a page that begins with %s is of the new build: %s', (script, expected) => {
  expect(new Shell(build('b'), ROOT, new FakeBrowser()).isOf(script)).toBe(expected);
});

const page = (script: string) => `<script type="module" crossorigin src="./assets/${script}"></script>`;
const versionOf = (theirs: string, answers = true) => new Version('index-a.js', () => Promise.resolve(theirs), { answers: () => Promise.resolve(answers) });

test.each([
  ['the same', page('index-a.js'), false],
  ['another', page('index-b.js'), true],
  ['a page for a login', '<form>', false],
])('whether there is a newer viewer: %s', async (_, theirs, newer) => {
  const found = versionOf(theirs);
  expect(await found.isNewer()).toBe(newer);
  expect(found.state()).toBe(newer ? 'newer' : 'current');
});

test('an archive that cannot be reached has no newer viewer', async () => {
  expect(await new Version('index-a.js', down as never, { answers: () => Promise.resolve(false) }).isNewer()).toBe(false);
});

test.each([
  ['newer', page('index-b.js'), true],
  ['broken', page('index-a.js'), true],
  ['current', '', false],
] as const)('code that does not come: %s', async (state, theirs, answers) => {
  const found = versionOf(theirs, answers);
  await found.missing();
  expect(found.state()).toBe(state);
  found.leave();
  expect(found.state()).toBe('current');
});

test('the first script is that of the page', () => {
  expect(firstScript(page('index-B_1.js'))).toBe('index-B_1.js');
  expect(firstScript('<script>alert(1)</script>')).toBe('');
});

afterEach(() => void vi.restoreAllMocks());

test('who wants code that a newer viewer has replaced waits and breaks nothing', async () => {
  vi.spyOn(version, 'isNewer').mockResolvedValue(true);
  const ended = vi.fn();
  void patient(() => Promise.reject(new TypeError('gone')))().then(ended, ended);
  await vi.waitFor(() => expect(version.isNewer).toHaveBeenCalled());
  await Promise.resolve();
  expect(ended).not.toHaveBeenCalled();
});

test('before the page is loaded anew everybody saves, and says what cannot be saved', async () => {
  const unsaved = new Unsaved();
  unsaved.add(() => '');
  const gone = unsaved.add(() => 'Painted');
  unsaved.add(() => Promise.resolve('Sending'));
  expect(await unsaved.flush()).toEqual(['Painted', 'Sending']);
  gone();
  expect(await unsaved.flush()).toEqual(['Sending']);
});
