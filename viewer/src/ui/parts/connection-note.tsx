// Says that the archive does not answer, or wants a login, over whatever page is open; goes by itself when that is over.

import { LogIn, PlugZap } from 'lucide-react';
import { useEffect, useSyncExternalStore, type JSX } from 'react';
import { t } from '../../core/language';
import { connection } from '../../net/connection';
import { SITE } from '../../net/site';

/** When it is worth asking before its time. */
const HINTS = ['online', 'focus', 'visibilitychange'] as const;

export function ConnectionNote(): JSX.Element | null {
  const reach = useSyncExternalStore(connection.changed.listen, connection.state);
  useEffect(() => {
    if (reach === 'reached') return undefined;
    for (const hint of HINTS) window.addEventListener(hint, connection.look);
    return () => {
      for (const hint of HINTS) window.removeEventListener(hint, connection.look);
    };
  }, [reach]);
  if (reach === 'reached') return null;
  return (
    <div className="connection-note" aria-live="polite" data-reach={reach}>
      {reach === 'login' ? <Login /> : <Away />}
    </div>
  );
}

function Away(): JSX.Element {
  return (
    <>
      <PlugZap size={18} aria-hidden="true" />
      <span>{t('The archive cannot be reached. Trying again by itself.')}</span>
      <button type="button" className="button" onClick={connection.look}>
        {t('Try now')}
      </button>
    </>
  );
}

/** In a tab of its own, so that what is open stays open. */
function Login(): JSX.Element {
  return (
    <>
      <LogIn size={18} aria-hidden="true" />
      <span>{t('Your login has expired. Log in again in another tab: this one then goes on.')}</span>
      <a className="button" href={`${SITE}/`} target="_blank" rel="noopener">
        {t('Log in')}
      </a>
    </>
  );
}
