// Has the browser keep the viewer, so that it opens without the archive, and looks whether there is a newer one. Browsers do the first for
// pages over https or of this machine only.

import { connection } from './connection';
import { SITE } from './site';
import { version } from './version';

/** ms after the page is there: images come first. */
const LATER = 3000;
/** ms until a service worker that still waits is told again: an earlier page may not have been gone yet. */
const AGAIN = 8000;

/** A service worker that waits for older pages learns of which build this one is. */
function tell(registration: ServiceWorkerRegistration): void {
  const { waiting } = registration;
  if (!waiting || version.state() === 'newer') return;
  waiting.postMessage(version.own);
  setTimeout(() => tell(registration), AGAIN);
}

async function keep(): Promise<void> {
  const registration = await navigator.serviceWorker.register(`${SITE}/sw.js`, { scope: `${SITE}/`, updateViaCache: 'none' });
  const follow = (): void => {
    const coming = registration.installing;
    coming?.addEventListener('statechange', () => {
      if (coming.state === 'installed') tell(registration);
    });
  };
  registration.addEventListener('updatefound', follow);
  follow(); // one that an earlier page has begun
  version.changed.listen(() => {
    if (version.state() === 'newer') registration.update().catch(() => undefined);
  });
  tell(registration);
}

export function watchVersion(): void {
  window.addEventListener('vite:preloadError', () => void version.missing());
  connection.restored.listen(() => void version.isNewer());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') version.look();
  });
  if (import.meta.env.PROD && 'serviceWorker' in navigator) setTimeout(() => void keep().catch(() => undefined), LATER);
}
