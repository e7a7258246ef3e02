// What the study list shows when there are no rows: still loading, nothing there yet, nothing found, out of reach.

import { Copy, PlugZap, SearchX } from 'lucide-react';
import type { JSX } from 'react';
import type { SystemInfo } from '../../net/dicomweb';
import { t } from '../../core/language';
import { Mark } from '../parts/mark';

export function SkeletonRows({ rowHeight }: { rowHeight: number }): JSX.Element {
  return (
    <div className="skeleton" aria-label={t('Loading studies')} aria-busy="true">
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} className="skeleton-row" style={{ height: rowHeight, opacity: 1 - index * 0.075 }}>
          <span style={{ width: `${14 + ((index * 7) % 5) * 2}%` }} />
          <span style={{ width: '9%' }} />
          <span style={{ width: '12%' }} />
          <span style={{ width: `${18 + ((index * 3) % 4) * 4}%` }} />
        </div>
      ))}
    </div>
  );
}

/** Copies where the browser lets pages do so (not over plain http to another machine). */
function copy(value: string): void {
  if ('clipboard' in navigator) void navigator.clipboard.writeText(value);
}

export const nodeAddress = (system: SystemInfo | undefined): string =>
  `${system?.aet ?? 'ISOCENTER'}@${system?.host && system.host !== '0.0.0.0' ? system.host : location.hostname}:${system?.dicom_port ?? system?.dicom_tls_port ?? 11112}`;

export function EmptyArchive({ system }: { system: SystemInfo | undefined }): JSX.Element {
  const address = nodeAddress(system);
  return (
    <div className="state">
      <Mark size={48} />
      <h2>{t('The archive is empty')}</h2>
      <p>{t('Send images to this node from a scanner, a workstation or the command line. They appear here as they arrive.')}</p>
      <div className="address">
        <code>{address}</code>
        <button type="button" className="icon-button" aria-label={t('Copy address')} onClick={() => copy(address)}>
          <Copy size={16} />
        </button>
      </div>
      <p className="hint">
        <code>
          isocenter send {address} {system?.dicom_port === null ? '--tls ' : ''}FOLDER
        </code>
      </p>
    </div>
  );
}

export function NothingFound({ onClear }: { onClear(): void }): JSX.Element {
  return (
    <div className="state">
      <SearchX size={40} strokeWidth={1.25} aria-hidden="true" />
      <h2>{t('No study matches')}</h2>
      <p>{t('Try fewer letters, another date range or all modalities.')}</p>
      <button type="button" className="button" onClick={onClear}>
        {t('Clear filters')}
      </button>
    </div>
  );
}

export function OutOfReach({ message, onRetry }: { message: string; onRetry(): void }): JSX.Element {
  return (
    <div className="state" role="alert">
      <PlugZap size={40} strokeWidth={1.25} aria-hidden="true" />
      <h2>{t('The studies could not be read')}</h2>
      <p>{message}</p>
      <button type="button" className="button" onClick={onRetry}>
        {t('Try again')}
      </button>
    </div>
  );
}
