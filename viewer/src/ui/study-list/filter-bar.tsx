// Search field, date range and modality of the study list; behind a button institution and status.

import { Search, SlidersHorizontal, X } from 'lucide-react';
import type { JSX, RefObject } from 'react';
import type { DateRange } from '../../core/dates';
import { t } from '../../core/language';
import { STATUSES, type StudyFilter, type StudyStatus } from '../../core/study-filter';

const RANGES: readonly (readonly [DateRange & string, string])[] = [
  ['today', 'Today'],
  ['yesterday', 'Yesterday'],
  ['week', '7 days'],
  ['all', 'All'],
];
const MODALITIES = ['CT', 'MR', 'PT', 'US', 'XA', 'CR', 'DX', 'MG', 'NM', 'RF', 'SC', 'SR'] as const;

const STATUS_NAMES: Readonly<Record<StudyStatus, string>> = {
  arriving: 'Arriving',
  conflict: 'In conflict',
  corrected: 'Corrected',
  report: 'With a report',
  'key-images': 'With key images',
};

interface Props {
  filter: StudyFilter;
  field: RefObject<HTMLInputElement | null>;
  onChange(filter: StudyFilter): void;
}

interface BarProps extends Props {
  /** Not all studies are listed, though no range was chosen. */
  bounded: boolean;
  /** The further filters are shown. */
  more: boolean;
  onMore(shown: boolean): void;
}

export function FilterBar({ filter, field, bounded, more, onChange, onMore }: BarProps): JSX.Element {
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
          <button key={range} type="button" role="radio" aria-checked={filter.range === range || (range === 'all' && filter.range === 'recent' && !bounded)} onClick={() => onChange({ ...filter, range })}>
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
      <button type="button" className="icon-button" aria-label={t('Institution and status')} title={`${t('Institution and status')}  F`} aria-expanded={more} aria-pressed={more} onClick={() => onMore(!more)}>
        <SlidersHorizontal size={18} aria-hidden="true" />
      </button>
    </div>
  );
}

export function MoreFilters({ filter, field, onChange }: Props): JSX.Element {
  return (
    <div className="more-filters" role="search" aria-label={t('Institution and status')}>
      <label className="search">
        <span className="visually-hidden">{t('Institution')}</span>
        <input
          ref={field}
          type="text"
          spellCheck={false}
          autoComplete="off"
          placeholder={t('Institution')}
          value={filter.institution}
          onChange={(event) => onChange({ ...filter, institution: event.target.value })}
        />
      </label>
      <select aria-label={t('Status')} className="select" value={filter.status} onChange={(event) => onChange({ ...filter, status: event.target.value as StudyStatus | '' })}>
        <option value="">{t('Any status')}</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {t(STATUS_NAMES[status])}
          </option>
        ))}
      </select>
    </div>
  );
}
