// The header of an object before and after, with the reason for each attribute.

import { useMemo, useState, type JSX } from 'react';
import type { HeaderRow } from '../../net/anonymization-client';
import { t } from '../../core/language';

export function HeaderTable({ rows }: { rows: readonly HeaderRow[] }): JSX.Element {
  const [all, setAll] = useState(false);
  const [search, setSearch] = useState('');
  const shown = useMemo(() => {
    const words = search.trim().toLowerCase();
    return rows.filter((row) => (all || row.change !== 'kept') && (!words || `${row.tag} ${row.name} ${row.before} ${row.why}`.toLowerCase().includes(words)));
  }, [rows, all, search]);
  return (
    <div className="header-part">
      <div className="header-tools">
        <input type="text" className="field" aria-label={t('Search the header')} placeholder={t('Tag, name, value or reason')} value={search} onChange={(event) => setSearch(event.target.value)} />
        <label className="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> {t('Unchanged attributes, too')}
        </label>
        <span className="muted">{t('{n} of {total}', { n: shown.length, total: rows.length })}</span>
      </div>
      <div className="header-scroll" tabIndex={0} role="region" aria-label={t('Header before and after')}>
        <table className="header-table">
          <thead>
            <tr><th>{t('Attribute')}</th><th>{t('Before')}</th><th>{t('After')}</th><th>{t('Why')}</th></tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              <tr key={index} data-change={row.change}>
                <td style={{ paddingLeft: 12 + Math.min(row.depth, 6) * 12 }}>
                  <span>{row.name}</span> <code>{row.tag}</code>
                </td>
                <td>{row.before}</td>
                <td>{row.change === 'removed' ? <em>{t('removed')}</em> : row.after === '' && row.before !== '' ? <em>{t('empty')}</em> : row.after}</td>
                <td className="muted">{row.why}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 ? <p className="nothing">{t('This object is set aside; it has no header afterwards.')}</p> : null}
      </div>
    </div>
  );
}
