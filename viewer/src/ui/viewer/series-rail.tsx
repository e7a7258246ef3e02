// The series of the study as thumbnails; on a phone a drawer.

import { AlertTriangle, Film, FileText, Layers, Microscope, Star, type LucideIcon } from 'lucide-react';
import { Fragment, useCallback, useEffect, useRef, useState, type JSX } from 'react';
import { formatDate } from '../../core/dates';
import { text } from '../../core/dicom-json';
import { isMarked } from '../../core/key-images';
import { t } from '../../core/language';
import { isState } from '../../core/presentation-state';
import { showsPictures, type DisplaySet } from '../../core/stack';
import type { SeriesEntry, StudyState } from '../../viewport/study-loader';
import { ModalityBadge } from '../parts/modality-badge';
import type { StructuresSession } from '../../viewport/structures/session';
import { kindOf } from '../../viewport/structures/listed';
import { CardStructures } from './card-structures';
import { SeriesMenu } from './series-menu';
import { Thumbnail } from './thumbnail';
import { ownId } from './use-opening';
import { useSaid } from './use-said';
import { useStateOf } from './use-signal';
import type { Late } from './viewer-engine';

/** The kind of data a dragged thumbnail carries: the id of its display set or series. */
export const SERIES_DRAG = 'application/x-isocenter-series';

interface Place {
  x: number;
  y: number;
}

interface Props {
  study: StudyState;
  current: DisplaySet | undefined;
  /** Ids of the display sets that are on screen. */
  shown: ReadonlySet<string>;
  /** Ids of the key images. */
  marks: ReadonlySet<string>;
  onOpen(series: SeriesEntry, set: DisplaySet | undefined): void;
  onFuse(base: DisplaySet, overlay: DisplaySet): void;
  structures: Late<StructuresSession>;
  /** Shows a segmentation, structure set or dose over its series. */
  onOver(set: DisplaySet): void;
}

export function SeriesRail({ study, current, shown, marks, onOpen, onFuse, structures, onOver }: Props): JSX.Element {
  const several = new Set(study.series.map(({ StudyInstanceUID }) => StudyInstanceUID)).size > 1;
  const session = useStateOf(structures);
  const rail = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<{ at: Place; series: SeriesEntry; set: DisplaySet }>();
  const asked = (at: Place, series: SeriesEntry, set: DisplaySet): void => setMenu({ at, series, set });
  const close = useCallback(() => setMenu(undefined), []);
  useEffect(() => {
    rail.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <>
      <div className="rail" ref={rail} role="list" aria-label={t('Series')}>
        {study.status === 'loading' ? Array.from({ length: 3 }, (_, index) => <div key={index} role="listitem" className="card card-skeleton" />) : null}
        {study.series.map((series, index) => (
          <Fragment key={series.SeriesInstanceUID}>
            {several && series.StudyInstanceUID !== study.series[index - 1]?.StudyInstanceUID ? <StudyHead series={series} /> : null}
            {series.sets
              ? series.sets.map((set) => <Card key={set.id} series={series} set={set} active={ownId(current) === set.id} shown={shown.has(set.id)} several={(series.sets?.length ?? 0) > 1} marks={marks} onOpen={onOpen} onMenu={asked} session={session} onOver={onOver} />)
              : <Card series={series} set={undefined} active={false} shown={false} several={false} marks={marks} onOpen={onOpen} onMenu={asked} session={undefined} onOver={onOver} />}
          </Fragment>
        ))}
      </div>
      {menu ? <SeriesMenu {...menu} others={study.series.flatMap(({ sets }) => sets ?? [])} onOpen={onOpen} onFuse={onFuse} onClose={close} /> : null}
    </>
  );
}

function StudyHead({ series: { StudyDate, StudyDescription, about } }: { series: SeriesEntry }): JSX.Element {
  const said = useSaid();
  return (
    <div className="rail-study" role="listitem">
      <strong>{formatDate(StudyDate) || t('No date')}</strong>
      <span>{said(StudyDescription, about)}</span>
    </div>
  );
}

function KeyCount({ set, marks }: { set: DisplaySet | undefined; marks: ReadonlySet<string> }): JSX.Element | null {
  const count = set?.pictures.filter((picture) => isMarked(picture, marks)).length ?? 0;
  if (count === 0) return null;
  return (
    <span className="card-keys" title={count === 1 ? t('1 key image') : t('{count} key images', { count })}>
      <Star size={12} fill="currentColor" aria-hidden="true" />
      {count}
    </span>
  );
}

/** The archive draws the images of a presentation state as it says. */
const isPresentation = (set: DisplaySet | undefined): boolean => set?.instances.some(isState) === true;

/** Presentation states are known by their own description rather than that of their series. */
function titleOf(series: SeriesEntry, set: DisplaySet | undefined): string {
  const own = set && isPresentation(set) ? text(set.instances[0]?.dataSet, 'ContentDescription') : '';
  return [own, set?.title, series.description, set?.description, set?.slide ? t('Slide') : set?.kind === 'document' ? t('Document') : series.number === undefined ? t('Series') : t('Series {number}', { number: series.number })].find(Boolean) ?? '';
}

/** How many images there are; "35 × 8" with phases. */
function countOf(series: SeriesEntry, set: DisplaySet | undefined): string {
  if (set?.slide) return String(set.instances.length);
  if (!set || set.pictures.length === 0) return String(series.instances);
  return set.phases ? `${set.pictures.length} × ${set.phases.sets.length}` : String(set.pictures.length);
}

interface CardProps {
  series: SeriesEntry;
  set: DisplaySet | undefined;
  active: boolean;
  shown: boolean;
  several: boolean;
  marks: ReadonlySet<string>;
  session: StructuresSession | undefined;
  onOver(set: DisplaySet): void;
  onOpen(series: SeriesEntry, set: DisplaySet | undefined): void;
  onMenu(at: Place, series: SeriesEntry, set: DisplaySet): void;
}

/** What a card says of its series. */
function faceOf(series: SeriesEntry, set: DisplaySet | undefined, said: ReturnType<typeof useSaid>): { title: string; hint: string; count: string; Icon: LucideIcon; pictured: boolean; liesOver: boolean } {
  const title = said(titleOf(series, set), series.about);
  const kind = kindOf(set?.instances[0]?.SOPClassUID ?? '');
  return {
    title,
    hint: series.error || (kind ? `${title}\n${t('Double click: show over its series')}` : title),
    count: countOf(series, set),
    Icon: series.error ? AlertTriangle : (set?.slide ? Microscope : ((set && ICONS[set.kind]) ?? Layers)),
    pictured: set ? set.slide === true || set.kind !== 'document' || kind === 'SEG' || isPresentation(set) : showsPictures(series.modality),
    liesOver: kind !== undefined,
  };
}

const ICONS: Readonly<Record<DisplaySet['kind'], LucideIcon>> = { stack: Layers, clip: Film, document: FileText };

function Card({ series, set, active, shown, several, marks, session, onOver, onOpen, onMenu }: CardProps): JSX.Element {
  const { title, hint, count, Icon, pictured, liesOver } = faceOf(series, set, useSaid());
  const instance = several || isPresentation(set) ? set?.instances[0]?.SOPInstanceUID : undefined;
  return (
    <div className="card-holder" role="listitem">
      <button
        type="button"
        className="card"
        draggable
        onDragStart={(event) => {
          event.dataTransfer.setData(SERIES_DRAG, set?.id ?? series.SeriesInstanceUID);
          event.dataTransfer.effectAllowed = 'copy';
        }}
        data-shown={shown}
        aria-current={active}
        title={hint}
        onClick={() => onOpen(series, set)}
        onContextMenu={(event) => {
          event.preventDefault();
          if (set) onMenu({ x: event.clientX, y: event.clientY }, series, set);
        }}
        onDoubleClick={() => set && liesOver && onOver(set)}
      >
        <Thumbnail study={series.StudyInstanceUID} series={series.SeriesInstanceUID} instance={instance} slide={set?.slide && set.instances} label={title} pictured={pictured} />
        <span className="card-top">
          <ModalityBadge modality={series.modality} />
          <KeyCount set={set} marks={marks} />
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
      {set && session ? <CardStructures set={set} session={session} /> : null}
    </div>
  );
}
