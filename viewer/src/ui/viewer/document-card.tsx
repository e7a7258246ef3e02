// An object without a picture: a report to read, a PDF, else what it is and the way to its content.

import { Download, ExternalLink, FileText, Tags } from 'lucide-react';
import { lazy, Suspense, useEffect, useState, type JSX } from 'react';
import { formatDate, formatTime } from '../../core/dates';
import { has, text } from '../../core/dicom-json';
import { pictureName } from '../../core/export';
import { t } from '../../core/language';
import { isReport } from '../../core/report';
import { isVideo, type DisplaySet } from '../../core/stack';
import { hasWaveforms } from '../../core/waveform';
import type { DicomWebClient } from '../../net/dicomweb';
import { download } from '../../viewport/export/download';
import { useServices } from '../services';
import { useSaid } from './use-said';
import { patient } from '../../net/patient';

const PDF = '1.2.840.10008.5.1.4.1.1.104.1';

/** The name of a SOP class, from a table that is only fetched here. */
export function useSopClassName(uid: string): string {
  const [name, setName] = useState('');
  useEffect(() => {
    let gone = false;
    import('../../core/data/sop-classes.json').then(
      ({ default: names }) => gone || setName((names as Record<string, string>)[uid] ?? t('Private or unknown object')),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [uid]);
  return name;
}

const VideoView = lazy(patient(() => import('./video-view').then((module) => ({ default: module.VideoView }))));
const WaveformView = lazy(patient(() => import('./waveform-view').then((module) => ({ default: module.WaveformView }))));
const ReportView = lazy(patient(() => import('./report-view').then((module) => ({ default: module.ReportView }))));

/** Saves the object of a set as a DICOM file. */
async function saveObject(client: DicomWebClient, set: DisplaySet): Promise<void> {
  const [instance] = set.instances;
  const file = await client.objectFile({ study: set.StudyInstanceUID, series: set.SeriesInstanceUID, instance: instance?.SOPInstanceUID ?? '' });
  download(file, `${pictureName(set, instance?.InstanceNumber ?? 1)}.dcm`);
}

export interface DocumentActions {
  /** Whether an image is in a study that is open. */
  isThere(SOPInstanceUID: string): boolean;
  onImage(SOPInstanceUID: string, frame?: number): void;
  onTags(): void;
}

export function Document({ set, ...actions }: { set: DisplaySet } & DocumentActions): JSX.Element {
  const { client } = useServices();
  const said = useSaid();
  const [instance] = set.instances;
  if (instance && isReport(instance.dataSet)) {
    return (
      <Suspense fallback={null}>
        <ReportView dataSet={instance.dataSet} {...actions} />
      </Suspense>
    );
  }
  if (instance && hasWaveforms(instance.dataSet)) {
    return (
      <Suspense fallback={null}>
        <WaveformView key={instance.SOPInstanceUID} dataSet={instance.dataSet} onTags={actions.onTags} />
      </Suspense>
    );
  }
  if (instance && isVideo(instance.dataSet)) {
    return (
      <Suspense fallback={null}>
        <VideoView key={instance.SOPInstanceUID} set={set} onTags={actions.onTags} onFile={() => void saveObject(client, set).catch(() => undefined)} />
      </Suspense>
    );
  }
  if (instance?.SOPClassUID === PDF && has(instance.dataSet, 'EncapsulatedDocument')) {
    const url = client.renderedUrl({ study: set.StudyInstanceUID, series: set.SeriesInstanceUID, instance: instance.SOPInstanceUID });
    return <PdfView url={url} title={said(text(instance.dataSet, 'DocumentTitle') || set.description, instance.dataSet) || t('Document')} onTags={actions.onTags} />;
  }
  return <DocumentCard set={set} onTags={actions.onTags} />;
}

function PdfView({ url, title, onTags }: { url: string; title: string; onTags(): void }): JSX.Element {
  return (
    <div className="pdf" data-testid="document">
      <div className="pdf-head">
        <strong>{title}</strong>
        <button type="button" className="button" onClick={onTags}>
          <Tags size={16} /> {t('Tag browser')}
        </button>
        <a className="button" href={url} target="_blank" rel="noreferrer">
          <ExternalLink size={16} /> {t('Open PDF')}
        </a>
      </div>
      <iframe src={url} title={title} />
    </div>
  );
}

function DocumentCard({ set, onTags }: { set: DisplaySet; onTags(): void }): JSX.Element {
  const [instance] = set.instances;
  const { client } = useServices();
  const [failed, setFailed] = useState('');
  const save = async (): Promise<void> => {
    try {
      await saveObject(client, set);
      setFailed('');
    } catch (error) {
      setFailed(error instanceof Error ? error.message : t('The object cannot be read'));
    }
  };
  const name = useSopClassName(instance?.SOPClassUID ?? '');
  const dataSet = instance?.dataSet ?? {};
  const title = useSaid()(text(dataSet, 'DocumentTitle') || set.description, dataSet);
  const date = [formatDate(text(dataSet, 'ContentDate') || text(dataSet, 'SeriesDate')), formatTime(text(dataSet, 'ContentTime') || text(dataSet, 'SeriesTime'))].filter(Boolean).join(' · ');
  return (
    <div className="document" data-testid="document">
      <div className="document-card">
        <FileText size={40} strokeWidth={1.1} aria-hidden="true" />
        <h2>{name || ' '}</h2>
        {title ? <p>{title}</p> : null}
        {date ? <p className="muted">{date}</p> : null}
        <p className="muted">{t('This object has no picture to show. Its content can be read in the tag browser, or saved as a file.')}</p>
        <div className="document-actions">
          <button type="button" className="button" onClick={onTags}>
            <Tags size={16} /> {t('Tag browser')}
          </button>
          <button type="button" className="button" onClick={() => void save()}>
            <Download size={16} /> {t('Download')}
          </button>
        </div>
        {failed ? <p role="alert">{failed}</p> : null}
      </div>
    </div>
  );
}
