// Which studies something is done with, and what is said of each.

import type { JSX, ReactNode } from 'react';
import { language, t } from '../../core/language';
import type { StudyRow } from '../../core/study-row';

export function StudyNames({ rows, said }: { rows: readonly StudyRow[]; said(row: StudyRow): ReactNode }): JSX.Element {
  return (
    <ul className="studies-names">
      {rows.map((row) => (
        <li key={row.StudyInstanceUID}>
          <strong>{row.name || t('No name')}</strong>
          <span className="muted">{[row.date, row.description, row.images > 1 ? t('{images} images', { images: row.images.toLocaleString(language()) }) : ''].filter(Boolean).join(' · ')}</span>
          <span role="status">{said(row)}</span>
        </li>
      ))}
    </ul>
  );
}
