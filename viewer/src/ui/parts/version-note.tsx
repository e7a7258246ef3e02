// Says that a new version is there, or that code of the viewer is missing, over whatever page is open; loads the page anew when told to,
// after what can be saved is.

import { RefreshCw } from 'lucide-react';
import { useState, useSyncExternalStore, type JSX } from 'react';
import { t } from '../../core/language';
import { unsaved } from '../../core/unsaved';
import { version } from '../../net/version';
import { useServices } from '../services';

export function VersionNote(): JSX.Element | null {
  const state = useSyncExternalStore(version.changed.listen, version.state);
  return state === 'current' ? null : <Note broken={state === 'broken'} />;
}

function Note({ broken }: { broken: boolean }): JSX.Element {
  const { local } = useServices();
  const [lost, setLost] = useState<readonly string[]>();
  const [busy, setBusy] = useState(false);
  const load = async (): Promise<void> => {
    setBusy(true);
    const left = lost ? [] : [...(await unsaved.flush()), ...(local.client ? [t('Local files have to be opened again, what was measured in them is lost.')] : [])];
    if (left.length === 0) location.reload();
    setLost(left);
    setBusy(false);
  };
  return (
    <div className="connection-note version-note" role="status">
      <RefreshCw size={18} aria-hidden="true" />
      <span>
        {broken ? t('A part of the viewer could not be loaded.') : t('A new version is there.')} {lost?.join(' ')}
      </span>
      <button type="button" className="button" disabled={busy} onClick={() => void load()}>{lost ? t('Load anyway') : t('Load it now')}</button>
      <button type="button" className="button" onClick={() => version.leave()}>{t('Later')}</button>
    </div>
  );
}
