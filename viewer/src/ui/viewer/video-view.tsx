// A video as it is stored, played by the browser; what it cannot play says so and can be saved.

import { Download, Tags } from 'lucide-react';
import { useState, type JSX } from 'react';
import { text } from '../../core/dicom-json';
import { pictureName } from '../../core/export';
import { t } from '../../core/language';
import type { DisplaySet } from '../../core/stack';
import { useServices } from '../services';
import { useSaid } from './use-said';

export function VideoView({ set, onTags, onFile }: { set: DisplaySet; onTags(): void; onFile(): void }): JSX.Element {
  const { client } = useServices();
  const [failed, setFailed] = useState(false);
  const [instance] = set.instances;
  const url = client.renderedUrl({ study: set.StudyInstanceUID, series: set.SeriesInstanceUID, instance: instance?.SOPInstanceUID ?? '' });
  const title = useSaid()(set.description || text(instance?.dataSet, 'StudyDescription'), instance?.dataSet) || t('Video');
  return (
    <div className="pdf video" data-testid="document">
      <div className="pdf-head">
        <strong>{title}</strong>
        <a className="button" href={url} download={pictureName(set, instance?.InstanceNumber ?? 1)} title={t('The video stream as it is stored')}>
          <Download size={16} /> {t('Save the video')}
        </a>
        <button type="button" className="button" title={t('The DICOM file')} onClick={onFile}>
          <Download size={16} /> {t('DICOM file')}
        </button>
        <button type="button" className="button" onClick={onTags}>
          <Tags size={16} /> {t('Tag browser')}
        </button>
      </div>
      {failed ? (
        <div className="failed" role="alert">
          <strong>{t('This browser cannot play the video')}</strong>
          <span>{t('Browsers play MP4 with H.264, some HEVC; MPEG-2 and transport streams need a player of their own. It can be saved above.')}</span>
        </div>
      ) : (
        <video src={url} controls loop muted autoPlay playsInline aria-label={title} onError={() => setFailed(true)} />
      )}
    </div>
  );
}
