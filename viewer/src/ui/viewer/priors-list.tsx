// Below the series: the patient's other studies, to be opened beside what is on screen.

import { AlertTriangle, History } from 'lucide-react';
import { useEffect, useState, type JSX } from 'react';
import { text, type DataSet } from '../../core/dicom-json';
import { t } from '../../core/language';
import { priorKeys, priorsOf, type Prior } from '../../core/priors';
import { ModalityBadges } from '../parts/modality-badge';
import { useServices } from '../services';
import { settings } from '../settings';
import { useSaid } from './use-said';
import { useStateOf } from './use-signal';

const MOST = 200;

interface Props {
  /** A data set of the patient who is open. */
  patient: DataSet | undefined;
  /** Studies that are open. */
  open: ReadonlySet<string>;
  onOpen(StudyInstanceUID: string): void;
}

/** What the archive answers; kept with the patient it was asked for. */
function usePatientStudies(patient: DataSet | undefined): DataSet[] {
  const { client } = useServices();
  const [found, setFound] = useState<{ PatientID: string; answers: DataSet[] }>({ PatientID: '', answers: [] });
  const PatientID = text(patient, 'PatientID');
  useEffect(() => {
    const keys = priorKeys(patient);
    if (!keys) return undefined;
    const controller = new AbortController();
    client.searchStudies(keys, MOST, 0, controller.signal).then(
      (answers) => setFound({ PatientID, answers }),
      () => undefined,
    );
    return () => controller.abort();
    // Asked once a patient: his data set is another one for every image.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, PatientID]);
  return found.PatientID === PatientID ? found.answers : [];
}

export function PriorsList({ patient, open, onOpen }: Props): JSX.Element | null {
  const answers = usePatientStudies(patient);
  const priors = patient ? priorsOf(answers, patient, open) : [];
  if (priors.length === 0) return null;
  return (
    <section className="priors" aria-label={t('Other studies of the patient')}>
      <h2>
        <History size={14} aria-hidden="true" /> {t('Other studies')} <span className="muted">{priors.length}</span>
      </h2>
      {priors.map((prior) => (
        <Row key={prior.StudyInstanceUID} prior={prior} patient={patient} onOpen={onOpen} />
      ))}
    </section>
  );
}

function Row({ prior, patient, onOpen }: { prior: Prior; patient: DataSet | undefined; onOpen(StudyInstanceUID: string): void }): JSX.Element {
  const { names } = useStateOf(settings);
  const description = useSaid()(prior.description, patient);
  return (
    <button type="button" className="prior" title={t('Open beside: {date}', { date: description || prior.date })} onClick={() => onOpen(prior.StudyInstanceUID)}>
      <span className="prior-top">
        <strong>{prior.date || t('No date')}</strong>
        <ModalityBadges modalities={prior.modalities} />
      </span>
      <span className="prior-title">{description || t('{images} images', { images: prior.images })}</span>
      {prior.otherName ? (
        <span className="prior-warning">
          <AlertTriangle size={12} aria-hidden="true" /> {names ? prior.name || t('No name') : t('Name hidden')}
        </span>
      ) : null}
    </button>
  );
}
