// The series of the study as thumbnails; on a phone a drawer.

import { AlertTriangle, Film, FileText, Layers } from 'lucide-react';
import { Fragment, useEffect, useRef, type JSX } from 'react';
import { formatDate } from '../../core/dates';
import { showsPictures, type DisplaySet } from '../../core/stack';
import type { SeriesEntry, StudyState } from '../../viewport/study-loader';
import { ModalityBadge } from '../parts/modality-badge';
import { Thumbnail } from './thumbnail';

/** The kind of data a dragged thumbnail carries: the id of its display set or series. */
export const SERIES_DRAG = 'application/x-isocenter-series';

interface Props {
  study: StudyState;
  current: DisplaySet | undefined;
  /** Ids of the display sets that are on screen. */
  shown: ReadonlySet<string>;
  onOpen(series: SeriesEntry, set: DisplaySet | undefined): void;
}

export function SeriesRail({ study, current, shown, onOpen }: Props): JSX.Element {
  const several = new Set(study.series.map(({ StudyInstanceUID }) => StudyInstanceUID)).size > 1;
  const rail = useRef<HTMLDivElement>(null);
  useEffect(() => {
    rail.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <div className="rail" ref={rail} role="listbox" aria-label="Series">
      {study.status === 'loading' ? Array.from({ length: 3 }, (_, index) => <div key={index} className="card card-skeleton" />) : null}
      {study.series.map((series, index) => (
        <Fragment key={series.SeriesInstanceUID}>
          {several && series.StudyInstanceUID !== study.series[index - 1]?.StudyInstanceUID ? <StudyHead series={series} /> : null}
          {series.sets
            ? series.sets.map((set) => <Card key={set.id} series={series} set={set} active={current?.id === set.id} shown={shown.has(set.id)} several={(series.sets?.length ?? 0) > 1} onOpen={onOpen} />)
            : <Card series={series} set={undefined} active={false} shown={false} several={false} onOpen={onOpen} />}
        </Fragment>
      ))}
    </div>
  );
}

function StudyHead({ series: { StudyDate, StudyDescription } }: { series: SeriesEntry }): JSX.Element {
  return (
    <div className="rail-study" role="presentation">
      <strong>{formatDate(StudyDate) || 'No date'}</strong>
      <span>{StudyDescription}</span>
    </div>
  );
}

interface CardProps {
  series: SeriesEntry;
  set: DisplaySet | undefined;
  active: boolean;
  shown: boolean;
  several: boolean;
  onOpen(series: SeriesEntry, set: DisplaySet | undefined): void;
}

function Card({ series, set, active, shown, several, onOpen }: CardProps): JSX.Element {
  const title = [series.description, set?.description, set?.kind === 'document' ? 'Document' : `Series ${series.number ?? ''}`.trim()].find(Boolean) ?? '';
  const count = set && set.pictures.length > 0 ? set.pictures.length : series.instances;
  const Icon = series.error ? AlertTriangle : set?.kind === 'clip' ? Film : set?.kind === 'document' ? FileText : Layers;
  const instance = several ? set?.instances[0]?.SOPInstanceUID : undefined;
  return (
    <button
      type="button"
      className="card"
      role="option"
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(SERIES_DRAG, set?.id ?? series.SeriesInstanceUID);
        event.dataTransfer.effectAllowed = 'copy';
      }}
      data-shown={shown}
      aria-selected={active}
      aria-current={active}
      title={series.error || title}
      onClick={() => onOpen(series, set)}
    >
      <Thumbnail study={series.StudyInstanceUID} series={series.SeriesInstanceUID} instance={instance} label={title} pictured={set ? set.kind !== 'document' : showsPictures(series.modality)} />
      <span className="card-top">
        <ModalityBadge modality={series.modality} />
        <span className="card-count">
          <Icon size={12} aria-hidden="true" />
          {count}
        </span>
      </span>
      <span className="card-title">
        {series.number === undefined ? '' : <span className="card-number">{series.number}</span>}
        {title}
      </span>
    </button>
  );
}
