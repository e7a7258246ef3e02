// The list of measurements: what was found, where it is, and what may be done with it. Not modal: the pictures stay in use.

import { Eye, EyeOff, Lock, LockOpen, Trash2, X } from 'lucide-react';
import { useState, type JSX } from 'react';
import { t } from '../../core/language';
import { resultText, titleOfMeasurement, toCsv, toJson } from '../../core/measure/export';
import { MOST_NAME, type Measurement } from '../../core/measure/types';
import { pixelsOf, type ReportedPlace, type ReportedSource } from '../../core/measure/reported';
import { findPicture } from '../../core/phases';
import { nearestPicture, planeOf, toPatient } from '../../core/plane';
import { measuredPictures } from '../../core/slide/picture';
import type { DisplaySet } from '../../core/stack';
import type { MeasureSession } from '../../viewport/measure/session';
import type { SeriesEntry, StudyState } from '../../viewport/study-loader';
import { download } from '../parts/download';
import { useSaid } from './use-said';
import { useStateOf } from './use-signal';
import './measure-panel.css';

interface Props {
  session: MeasureSession | undefined;
  study: StudyState;
  /** Stores them as a report; returns what to say. */
  onSign(): Promise<string>;
  /** Opens a picture of a series in the active pane. */
  onShow(series: SeriesEntry, set: DisplaySet, index: number): void;
  onClose(): void;
}

export function MeasurePanel({ session, ...rest }: Props): JSX.Element {
  return (
    <aside className="measure-panel" aria-label={t('List of measurements')}>
      <header>
        <h2>{t('Measurements')}</h2>
        <button type="button" className="icon-button" aria-label={t('Close the list')} onClick={rest.onClose}>
          <X size={18} />
        </button>
      </header>
      {session ? <List session={session} {...rest} /> : <p className="muted">{t('Nothing was measured yet')}</p>}
    </aside>
  );
}

function List({ session, study, onSign, onShow }: Props & { session: MeasureSession }): JSX.Element {
  const { items, selected, reported, unshown } = useStateOf(session);
  const [told, setTold] = useState('');
  const said = useSaid();
  const about = study.series[0]?.about;
  const show = (item: Measurement): void => {
    const place = placeOf(item, study);
    if (place?.set) onShow(place.series, place.set, place.index);
    session.select(item.id);
  };
  if (items.length === 0 && reported.length === 0) return <p className="muted">{t('Nothing was measured yet')}</p>;
  const reports = reported.map((source) => <Reported key={source.SOPInstanceUID} source={source} shown={!unshown.has(source.SOPInstanceUID)} study={study} session={session} onShow={onShow} />);
  if (items.length === 0) {
    return (
      <>
        <p className="muted" role="status">
          {told}
        </p>
        {reports}
      </>
    );
  }
  return (
    <>
      <ul>
        {items.map((item) => (
          <Row key={item.id} item={item} where={said(whereText(item, study), about)} selected={item.id === selected} session={session} onShow={() => show(item)} />
        ))}
      </ul>
      <p className="muted" role="status">
        {told}
      </p>
      {reports}
      <footer>
        <button type="button" className="button" title={t('Store as a DICOM structured report')} onClick={() => void onSign().then(setTold)}>
          {t('Sign')}
        </button>
        <button type="button" className="button" onClick={() => download('measurements.csv', 'text/csv', toCsv(items, about))}>
          CSV
        </button>
        <button type="button" className="button" onClick={() => download('measurements.json', 'application/json', toJson(items, about))}>
          JSON
        </button>
      </footer>
    </>
  );
}

interface ReportedProps extends Pick<Props, 'study' | 'onShow'> {
  source: ReportedSource;
  shown: boolean;
  session: MeasureSession;
}

/** What a report measured: to look at, not to change. */
function Reported({ source: { SOPInstanceUID, title: stored, measurements }, shown, study, session, onShow }: ReportedProps): JSX.Element {
  const said = useSaid();
  const about = study.series[0]?.about;
  const title = said(stored, about);
  return (
    <section className="measure-reported" aria-label={title}>
      <h3>
        <span>{title}</span>
        <button type="button" className="icon-button" aria-label={t('Hide what is in {title}', { title })} aria-pressed={!shown} onClick={() => session.toggleReport(SOPInstanceUID)}>
          {shown ? <Eye size={16} /> : <EyeOff size={16} />}
        </button>
      </h3>
      <ul>
        {measurements.map(({ id, name, results, places }) => {
          const place = reportedPlace(places, study);
          return (
            <li key={id}>
              <button type="button" className="measure-jump" disabled={!place} onClick={() => place && onShow(place.series, place.set, place.index)}>
                <strong>{results.join(' · ') || said(name, about) || t('Region')}</strong>
                <span className="muted">{said([results.length > 0 ? name : '', place ? imageName(place) : t('in no image that is open')].filter(Boolean).join(' · '), about)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The series, and which of its images; a slide is one. */
function imageName({ series: { number, description, modality }, set, index }: { series: SeriesEntry; set: DisplaySet | undefined; index: number }): string {
  const series = [number, description || modality].filter((part) => part !== undefined && part !== '').join(' · ');
  return !set || set.slide ? series : t('{series}, image {index} of {n}', { series, index: index + 1, n: set.pictures.length });
}

/** The first image of the open studies that holds one of the places. */
function reportedPlace(places: readonly ReportedPlace[], { series }: StudyState): { series: SeriesEntry; set: DisplaySet; index: number } | undefined {
  for (const place of places) {
    for (const one of series) {
      for (const set of one.sets ?? []) {
        const index = measuredPictures(set).findIndex((picture) => pixelsOf(place, picture, planeOf(picture)) !== undefined);
        if (index >= 0) return { series: one, set, index };
      }
    }
  }
  return undefined;
}

interface RowProps {
  item: Measurement;
  where: string;
  selected: boolean;
  session: MeasureSession;
  onShow(): void;
}

function Row({ item, where, selected, session, onShow }: RowProps): JSX.Element {
  const { id, locked = false, hidden = false, colour = '' } = item;
  const title = titleOfMeasurement(item);
  const value = resultText(item) || (item.kind === 'arrow' ? t('Arrow without text') : t('no value'));
  const rename = (name: string): void => {
    if (name !== (item.name ?? '')) session.edit(id, { name });
  };
  return (
    <li data-selected={selected} data-hidden={hidden}>
      <button type="button" className="measure-jump" onClick={onShow}>
        <span className="visually-hidden">{t('Show {title}', { title })}</span>
        <strong>{value}</strong>
        <span className="muted">{where}</span>
      </button>
      <div className="measure-row">
        <input
          type="text"
          key={`name ${item.name ?? ''}`}
          defaultValue={item.name ?? ''}
          placeholder={title}
          aria-label={t('Name of {title}', { title })}
          maxLength={MOST_NAME}
          spellCheck={false}
          disabled={locked}
          onBlur={(event) => rename(event.target.value.trim())}
          onKeyDown={(event) => {
            if (event.key === 'Enter') event.currentTarget.blur();
          }}
        />
        <input type="color" defaultValue={colour || '#ffd84d'} key={`colour ${colour}`} aria-label={t('Colour of {title}', { title })} disabled={locked} onBlur={(event) => event.target.value !== (colour || '#ffd84d') && session.edit(id, { colour: event.target.value })} />
        <button type="button" className="icon-button" aria-label={t('Lock {title}', { title })} aria-pressed={locked} onClick={() => session.edit(id, { locked: !locked })}>
          {locked ? <Lock size={16} /> : <LockOpen size={16} />}
        </button>
        <button type="button" className="icon-button" aria-label={t('Hide {title}', { title })} aria-pressed={hidden} onClick={() => session.edit(id, { hidden: !hidden })}>
          {hidden ? <EyeOff size={16} /> : <Eye size={16} />}
        </button>
        <button type="button" className="icon-button" aria-label={t('Delete {title}', { title })} disabled={locked} onClick={() => session.remove(id)}>
          <Trash2 size={16} />
        </button>
      </div>
    </li>
  );
}

function placeOf({ image, plane, points }: Measurement, { series }: StudyState): { series: SeriesEntry; set: DisplaySet | undefined; index: number } | undefined {
  const found = series.find(({ SeriesInstanceUID }) => SeriesInstanceUID === image?.SeriesInstanceUID);
  if (!found || !image) return undefined;
  const set = found.sets?.find(({ instances }) => instances.some(({ SOPInstanceUID }) => SOPInstanceUID === image.SOPInstanceUID));
  const stored = set && findPicture(set, ({ instance, frame }) => instance.SOPInstanceUID === image.SOPInstanceUID && frame === image.frame);
  const [first] = points;
  const nearest = image.reformatted && plane && first && set ? nearestPicture(set.pictures, toPatient(plane, first))?.index : undefined;
  return { series: found, set: nearest === undefined ? (stored?.set ?? set) : set, index: nearest ?? stored?.index ?? 0 };
}

function whereText(item: Measurement, study: StudyState): string {
  const place = placeOf(item, study);
  if (!place) return t('in a series that is not here');
  return [imageName(place), item.image?.reformatted ? t('in a plane') : ''].filter(Boolean).join(', ');
}
