// An object without a picture: what it is, and the way to its content.

import { ExternalLink, FileText, Tags } from 'lucide-react';
import { useEffect, useState, type JSX } from 'react';
import { formatDate, formatTime } from '../../core/dates';
import { has, text } from '../../core/dicom-json';
import type { DisplaySet } from '../../core/stack';
import { useServices } from '../services';

const PDF = '1.2.840.10008.5.1.4.1.1.104.1';

/** The name of a SOP class, from a table that is only fetched here. */
export function useSopClassName(uid: string): string {
  const [name, setName] = useState('');
  useEffect(() => {
    let gone = false;
    import('../../core/data/sop-classes.json').then(
      ({ default: names }) => gone || setName((names as Record<string, string>)[uid] ?? 'Private or unknown object'),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [uid]);
  return name;
}

export function DocumentCard({ set, onTags }: { set: DisplaySet; onTags(): void }): JSX.Element {
  const { client } = useServices();
  const [instance] = set.instances;
  const name = useSopClassName(instance?.SOPClassUID ?? '');
  const dataSet = instance?.dataSet ?? {};
  const title = text(dataSet, 'DocumentTitle') || set.description;
  const date = [formatDate(text(dataSet, 'ContentDate') || text(dataSet, 'SeriesDate')), formatTime(text(dataSet, 'ContentTime') || text(dataSet, 'SeriesTime'))].filter(Boolean).join(' · ');
  const path = { study: set.StudyInstanceUID, series: set.SeriesInstanceUID, instance: instance?.SOPInstanceUID ?? '' };
  const isPdf = instance?.SOPClassUID === PDF && has(dataSet, 'EncapsulatedDocument');
  return (
    <div className="document" data-testid="document">
      <div className="document-card">
        <FileText size={40} strokeWidth={1.1} aria-hidden="true" />
        <h2>{name || ' '}</h2>
        {title ? <p>{title}</p> : null}
        {date ? <p className="muted">{date}</p> : null}
        <p className="muted">This object has no picture to show. Its content can be read in the tag browser.</p>
        <div className="document-actions">
          <button type="button" className="button" onClick={onTags}>
            <Tags size={16} /> Tag browser
          </button>
          {isPdf ? (
            <a className="button" href={client.renderedUrl(path)} target="_blank" rel="noreferrer">
              <ExternalLink size={16} /> Open PDF
            </a>
          ) : null}
        </div>
      </div>
    </div>
  );
}
