// Search field, date range and modality of the study list.

import { Search, X } from 'lucide-react';
import type { JSX, RefObject } from 'react';
import type { DateRange } from '../../core/dates';
import { t } from '../../core/language';
import type { StudyFilter } from '../../core/study-row';

const RANGES: readonly (readonly [DateRange & string, string])[] = [
  ['today', 'Today'],
  ['yesterday', 'Yesterday'],
  ['week', '7 days'],
  ['all', 'All'],
];
const MODALITIES = ['CT', 'MR', 'PT', 'US', 'XA', 'CR', 'DX', 'MG', 'NM', 'RF', 'SC', 'SR'] as const;

interface Props {
  filter: StudyFilter;
  field: RefObject<HTMLInputElement | null>;
  onChange(filter: StudyFilter): void;
}

export function FilterBar({ filter, field, onChange }: Props): JSX.Element {
  return (
    <div className="filters" role="search">
      <label className="search">
        <Search size={16} aria-hidden="true" />
        <span className="visually-hidden">{t('Search studies')}</span>
        <input
          ref={field}
          type="text"
          inputMode="search"
          spellCheck={false}
          autoComplete="off"
          placeholder={t('Name, ID, accession, description')}
          value={filter.search}
          onChange={(event) => onChange({ ...filter, search: event.target.value })}
        />
        {filter.search ? (
          <button type="button" className="search-clear" aria-label={t('Clear search')} onClick={() => onChange({ ...filter, search: '' })}>
            <X size={14} />
          </button>
        ) : (
          <kbd>/</kbd>
        )}
      </label>
      <div className="segments" role="radiogroup" aria-label={t('Study date')}>
        {RANGES.map(([range, label]) => (
          <button key={range} type="button" role="radio" aria-checked={filter.range === range} onClick={() => onChange({ ...filter, range })}>
            {t(label)}
          </button>
        ))}
      </div>
      <select aria-label={t('Modality')} className="select" value={filter.modality} onChange={(event) => onChange({ ...filter, modality: event.target.value })}>
        <option value="">{t('All modalities')}</option>
        {MODALITIES.map((modality) => (
          <option key={modality}>{modality}</option>
        ))}
      </select>
    </div>
  );
}
