// Requests of other systems to show a patient or a study (IHE RAD-106, Invoke Image Display): what their address asks for, as QIDO keys
// and as conditions on the answers. Pure.

import { text, texts, type DataSet } from './dicom-json';
import { t } from './language';

/** The parameters of an address by their names in small letters; "" for what is not there. */
export type Parameters = (name: string) => string;

export interface Invocation {
  /** One search each; a study of any is meant. */
  searches: Record<string, string>[];
  /** Whether an answer is meant. */
  accepts(answer: DataSet): boolean;
  /** The newest so many are shown; undefined: all. */
  most: number | undefined;
  /** Answers must all be of one patient. */
  onePatient: boolean;
}

const UID = /^[0-9.]{1,64}$/;
const FIELDS = 'IssuerOfPatientID,PatientBirthDate';
/** Studies that are shown at once. */
const MOST = 8;

const listed = (value: string): string[] => value.split(/[,;]/).map((part) => part.trim()).filter(Boolean);
const sayOf = (name: string): string => t('The address that opened this page has no valid {name}.', { name });

/** What an address asks for; a text that says what is wrong with it. */
export function readInvocation(value: Parameters): Invocation | string {
  const type = value('requesttype').toUpperCase();
  if (type === 'STUDY') return readStudies(value);
  return type === 'PATIENT' ? readPatient(value) : sayOf('requestType (STUDY, PATIENT)');
}

function readStudies(value: Parameters): Invocation | string {
  const [uids, numbers] = [listed(value('studyuid')), listed(value('accessionnumber'))];
  if (uids.some((uid) => !UID.test(uid)) || uids.length + numbers.length === 0) return sayOf('studyUID, accessionNumber');
  const searches = uids.length > 0 ? [{ StudyInstanceUID: uids.join(',') }] : numbers.map((AccessionNumber) => ({ AccessionNumber }));
  const accepts = (answer: DataSet): boolean => (uids.length > 0 ? uids.includes(text(answer, 'StudyInstanceUID')) : numbers.includes(text(answer, 'AccessionNumber')));
  return { searches, accepts, most: MOST, onePatient: false };
}

/** A moment as DICOM writes it, filled up to the second; undefined where it is none. */
function momentOf(value: string, rest: string): string | undefined {
  const digits = /^\d{4}-?\d{2}-?\d{2}(T\d{2}:?\d{2}(:?\d{2})?)?/.exec(value)?.[0].replace(/\D/g, '');
  return value && !digits ? undefined : digits && digits + rest.slice(digits.length);
}

function readPatient(value: Parameters): Invocation | string {
  // HL7's CX: ID^^^issuer&OID&type.
  const [PatientID = '', , , authority = ''] = value('patientid').split('^');
  const [issuer = ''] = authority.split('&');
  const [lower, upper] = [momentOf(value('lowerdatetime'), '00000000000000'), momentOf(value('upperdatetime'), '00000000235959')];
  const most = value('mostrecentresults');
  const birth = value('patientbirthdate').replaceAll('-', '').slice(0, 8);
  const modalities = listed(value('modalitiesinstudy')).map((one) => one.toUpperCase());
  const wrong = [
    [!PatientID || /[*?\\]/.test(PatientID), 'patientID'],
    [value('lowerdatetime') !== '' && !lower, 'lowerDateTime'],
    [value('upperdatetime') !== '' && !upper, 'upperDateTime'],
    [most !== '' && !/^[1-9]\d{0,3}$/.test(most), 'mostRecentResults'],
    [birth !== '' && !/^\d{8}$/.test(birth), 'patientBirthDate'],
  ].find(([is]) => is);
  if (wrong) return sayOf(String(wrong[1]));
  const accepts = (answer: DataSet): boolean => {
    const moment = `${text(answer, 'StudyDate')}${text(answer, 'StudyTime')}`.slice(0, 14);
    const differs = (said: string, stored: string): boolean => said !== '' && stored !== '' && said !== stored;
    return (
      text(answer, 'PatientID') === PatientID &&
      !differs(issuer, text(answer, 'IssuerOfPatientID')) &&
      !differs(birth, text(answer, 'PatientBirthDate')) &&
      (!lower || moment >= lower.slice(0, Math.max(8, moment.length))) &&
      (!upper || (moment !== '' && moment <= upper)) &&
      (modalities.length === 0 || texts(answer, 'ModalitiesInStudy').some((one) => modalities.includes(one)))
    );
  };
  return { searches: [{ PatientID, includefield: FIELDS }], accepts, most: most === '' ? 1 : Math.min(Number(most), MOST), onePatient: true };
}

/** The studies that are to be shown, newest first, out of the answers to the searches; a text that says why there are none. */
export function invoked({ accepts, most, onePatient }: Invocation, answers: readonly DataSet[]): string[] | string {
  const known = new Map(answers.filter(accepts).map((answer) => [text(answer, 'StudyInstanceUID'), answer]));
  const meant = [...known.values()];
  if (meant.length === 0) return t('The archive holds no study that this address asks for.');
  const issuers = new Set(meant.map((answer) => text(answer, 'IssuerOfPatientID')).filter(Boolean));
  const births = new Set(meant.map((answer) => text(answer, 'PatientBirthDate')).filter(Boolean));
  if (onePatient && (issuers.size > 1 || births.size > 1)) return t('Several patients have this ID. The address must name its issuer (ID^^^ISSUER) or patientBirthDate.');
  const when = (answer: DataSet): string => `${text(answer, 'StudyDate')}${text(answer, 'StudyTime')}`;
  return meant.sort((a, b) => (when(a) < when(b) ? 1 : -1)).slice(0, most).map((answer) => text(answer, 'StudyInstanceUID'));
}
