// The marked studies as ZIP files with a DICOMDIR, each behind a link: browsers let a page begin one download a press.

import { Download } from 'lucide-react';
import { useMemo, type JSX } from 'react';
import { t } from '../../core/language';
import type { StudyRow } from '../../core/study-row';
import { StudyClient } from '../../net/study-client';
import { Dialog } from '../parts/dialog';
import { StudyNames } from './study-names';
import './studies.css';

export function SaveDialog({ rows, onClose }: { rows: readonly StudyRow[]; onClose(): void }): JSX.Element {
  const client = useMemo(() => new StudyClient(), []);
  return (
    <Dialog title={t('Save studies')} onClose={onClose}>
      <div className="studies-form">
        <StudyNames
          rows={rows}
          said={({ StudyInstanceUID }) => (
            <a className="button" href={client.zipUrl(StudyInstanceUID)} download="">
              <Download size={14} aria-hidden="true" /> {t('ZIP with DICOMDIR')}
            </a>
          )}
        />
        <p className="muted">{t('The objects as they are stored, with the names of the patients. Marked studies without names: Anonymise.')}</p>
        <div className="studies-foot">
          <button type="button" className="button" onClick={onClose}>{t('Close')}</button>
        </div>
      </div>
    </Dialog>
  );
}
