// The service worker: joins the shell to the browser. A new one waits until every open page is of its build, so that older pages
// keep their code; pages say by the name of their first script of which they are.

import { Shell, type Build } from './shell';

declare const self: ServiceWorkerGlobalScope;
declare const __BUILD__: Build;

/** ms that a page is waited for before the kept one is shown. */
const PATIENCE = 4000;

interface Routing {
  addRoutes?(rules: readonly { condition: { urlPattern: { pathname: string } }; source: 'network' }[]): Promise<void>;
}

const root = self.registration.scope;
const shell = new Shell(__BUILD__, root, {
  caches: self.caches,
  fetch: (request, init) => fetch(request, init),
  patience: () => new Promise((resolve) => setTimeout(resolve, PATIENCE)),
});
const current = new Set<string>();

/** Browsers that can do so are told not even to ask us for what is the archive's. */
async function leaveAlone(event: Event & Routing): Promise<void> {
  const { pathname } = new URL(root);
  const rules = ['dicom-web', 'api'].map((part) => ({ condition: { urlPattern: { pathname: `${pathname}${part}/*` } }, source: 'network' as const }));
  await event.addRoutes?.(rules).catch(() => undefined);
}

async function takeOver(): Promise<void> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const ours = pages.filter(({ url }) => url.startsWith(root));
  if (ours.every(({ id }) => current.has(id))) await self.skipWaiting();
}

self.addEventListener('install', (event) => event.waitUntil(Promise.all([shell.install(), leaveAlone(event as Event & Routing)])));

self.addEventListener('activate', (event) => event.waitUntil(Promise.all([shell.activate(), self.registration.navigationPreload.enable(), self.clients.claim()])));

self.addEventListener('message', (event) => {
  if (!(event.source instanceof WindowClient) || !shell.isOf(event.data)) return;
  current.add(event.source.id);
  event.waitUntil(takeOver());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const ask = async (): Promise<Response> => ((await event.preloadResponse) as Response | undefined) ?? fetch(request);
  const answer = shell.answer(request, ask);
  if (answer) event.respondWith(answer);
});
