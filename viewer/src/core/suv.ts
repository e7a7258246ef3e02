// Standardized uptake values: factors from a PET's values to SUV, after the vendor-neutral pseudo-code of the QIBA FDG-PET/CT
// profile (by body weight, lean body mass, body surface). Nothing is guessed: what is missing is named. Pure.

import { inlineBytes, items, number, text, texts, type DataElement, type DataSet } from './dicom-json';
import { t } from './language';

export type SuvKind = 'bw' | 'lbmJames' | 'lbmJanma' | 'bsa';
/** What a PET is read in: SUV of a kind, or the unit it is stored in. */
export type SuvChoice = SuvKind | 'stored';

export const SUV_KINDS: readonly { id: SuvKind; label: string; title: string; unit: string }[] = [
  { id: 'bw', label: 'SUVbw', title: 'SUV by body weight', unit: 'g/ml' },
  { id: 'lbmJanma', label: 'SUVlbm (Janma)', title: 'SUV by lean body mass (Janmahasatian)', unit: 'g/ml' },
  { id: 'lbmJames', label: 'SUVlbm (James)', title: 'SUV by lean body mass (James)', unit: 'g/ml' },
  { id: 'bsa', label: 'SUVbsa', title: 'SUV by body surface', unit: 'cm²/ml' },
];

/** Factors from the modality value; of those that cannot be known there is none, and the reason says why. */
export interface SuvFactors {
  factors: Partial<Record<SuvKind, number>>;
  reason: string;
}

const none = (reason: string): SuvFactors => ({ factors: {}, reason });

/** Seconds since 1970 of a DA and a TM value, or of a DT value; zones are left out on both sides. */
function moment(date: string, time: string): number | undefined {
  const day = /^(\d{4})(\d{2})(\d{2})$/.exec(date);
  const clock = /^(\d{2})(\d{2})?(\d{2})?(\.\d+)?/.exec(time);
  if (!clock) return undefined;
  const midnight = day ? Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3])) / 1000 : 0;
  return midnight + Number(clock[1]) * 3600 + Number(clock[2] ?? 0) * 60 + Number(clock[3] ?? 0) + Number(clock[4] ?? 0);
}

const momentOf = (stamp: string): number | undefined => moment(stamp.slice(0, 8), stamp.slice(8));

/** A private element by its creator (PS3.5 7.8.1), as text; servers that do not know it send its bytes. */
export function privateText(dataSet: DataSet, group: string, creator: string, element: string): string {
  for (const [tag, block] of Object.entries(dataSet)) {
    if (!tag.startsWith(`${group}00`) || !block || plain(block) !== creator) continue;
    return plain(dataSet[`${group}${tag.slice(6)}${element}`]);
  }
  return '';
}

function plain(element: DataElement | undefined): string {
  const value = element?.Value?.[0];
  if (typeof value === 'string' || typeof value === 'number') return String(value).trim();
  return String.fromCharCode(...inlineBytes(element?.InlineBinary ?? '')).replace(/[\0 ]+$/, '').trim();
}

/** When the scan began: what decay-corrected values refer to (DecayCorrection START). */
function scanStart(dataSet: DataSet, halfLife: number, firstAcquired: string): number | undefined {
  const series = moment(text(dataSet, 'SeriesDate'), text(dataSet, 'SeriesTime'));
  const acquired = moment(text(dataSet, 'AcquisitionDate'), text(dataSet, 'AcquisitionTime'));
  if (series !== undefined && (acquired === undefined || series <= acquired)) return series;
  // The series was made later than its images: its time says nothing of the scan.
  const ge = momentOf(privateText(dataSet, '0009', 'GEMS_PETD_01', '0D'));
  if (ge !== undefined) return ge;
  const [reference, duration] = [number(dataSet, 'FrameReferenceTime') ?? 0, number(dataSet, 'ActualFrameDuration') ?? 0];
  if (acquired !== undefined && reference > 0 && duration > 0) return acquired - reference / 1000 + averageTime(duration / 1000, halfLife);
  return momentOf(firstAcquired) ?? acquired;
}

/** Seconds from the begin of a frame to when the activity was at its average. */
export function averageTime(duration: number, halfLife: number): number {
  const constant = Math.LN2 / halfLife;
  const decay = constant * duration;
  return Math.log(decay / (1 - Math.exp(-decay))) / constant;
}

const DAY = 86_400;

/** Seconds from injection to a moment; a start without a date lies within the day before it. */
function sinceInjection(drug: DataSet | undefined, to: number): number | undefined {
  const dated = momentOf(text(drug, 'RadiopharmaceuticalStartDateTime'));
  if (dated !== undefined && to >= dated && to - dated < 30 * DAY) return to - dated;
  const clock = text(drug, 'RadiopharmaceuticalStartTime') || text(drug, 'RadiopharmaceuticalStartDateTime').slice(8);
  const start = moment('', clock);
  return start === undefined ? undefined : (((to - start) % DAY) + DAY) % DAY;
}

/** One over the dose that the values refer to, in Bq; or why it cannot be known. */
function perDose(dataSet: DataSet, firstAcquired: string): number | string {
  const drug = items(dataSet, 'RadiopharmaceuticalInformationSequence')[0];
  const dose = number(drug, 'RadionuclideTotalDose') ?? 0;
  const halfLife = number(drug, 'RadionuclideHalfLife') ?? 0;
  if (!(dose > 0)) return t('the injected dose is missing');
  if (!(halfLife > 0)) return t('the half-life is missing');
  const correction = text(dataSet, 'DecayCorrection');
  if (correction === 'ADMIN') return 1 / dose;
  const at = correction === 'START' ? scanStart(dataSet, halfLife, firstAcquired) : correction === 'NONE' ? frameTime(dataSet, halfLife) : undefined;
  if (at === undefined) return correction === 'START' || correction === 'NONE' ? t('the time of the scan is missing') : t('how decay was corrected is missing');
  const elapsed = sinceInjection(drug, at);
  return elapsed === undefined ? t('the time of injection is missing') : 1 / (dose * 2 ** (-elapsed / halfLife));
}

/** Values that were not corrected refer to the time of their own frame. */
function frameTime(dataSet: DataSet, halfLife: number): number | undefined {
  const acquired = moment(text(dataSet, 'AcquisitionDate'), text(dataSet, 'AcquisitionTime'));
  const duration = (number(dataSet, 'ActualFrameDuration') ?? 0) / 1000;
  return acquired === undefined ? undefined : acquired + (duration > 0 ? averageTime(duration, halfLife) : 0);
}

/** What a dose is divided by: grams, or square centimetres of body surface. Undefined where size or sex are missing. */
export function bodySizes(weight: number | undefined, metres: number | undefined, sex: string): Partial<Record<SuvKind, number>> {
  if (!weight || weight <= 0) return {};
  const grams = { bw: weight * 1000 };
  if (!metres || metres <= 0) return grams;
  const centimetres = metres * 100;
  const surface = { ...grams, bsa: 0.007184 * weight ** 0.425 * centimetres ** 0.725 * 10_000 };
  if (sex !== 'M' && sex !== 'F') return surface;
  const james = sex === 'M' ? 1.1 * weight - 128 * (weight / centimetres) ** 2 : 1.07 * weight - 148 * (weight / centimetres) ** 2;
  const index = weight / metres ** 2;
  const janma = (9270 * weight) / (sex === 'M' ? 6680 + 216 * index : 8780 + 244 * index);
  return { ...surface, lbmJames: james * 1000, lbmJanma: janma * 1000 };
}

const TYPES: Readonly<Record<string, SuvKind>> = { '': 'bw', BW: 'bw', BSA: 'bsa', LBM: 'lbmJames', LBMJAMES128: 'lbmJames', LBMJANMA: 'lbmJanma' };

/** All kinds from the factor of one of them. */
function scaledFrom(kind: SuvKind, factor: number, sizes: Partial<Record<SuvKind, number>>): SuvFactors['factors'] {
  const own = sizes[kind];
  const others = own ? Object.entries(sizes).map(([id, size]) => [id, (factor * size) / own] as const) : [];
  return { ...Object.fromEntries(others), [kind]: factor };
}

/** The factors of a PET image; `firstAcquired` is the earliest acquisition (date and time) of its series. */
export function suvFactors(dataSet: DataSet, firstAcquired = ''): SuvFactors {
  const sizes = bodySizes(number(dataSet, 'PatientWeight'), number(dataSet, 'PatientSize'), text(dataSet, 'PatientSex'));
  const Units = text(dataSet, 'Units');
  if (Units === 'GML' || Units === 'CM2ML') {
    const kind = Units === 'CM2ML' ? 'bsa' : TYPES[text(dataSet, 'SUVType')];
    return kind ? { factors: scaledFrom(kind, 1, sizes), reason: '' } : none(t('SUV of the kind {kind} is not known here', { kind: text(dataSet, 'SUVType') }));
  }
  const corrected = texts(dataSet, 'CorrectedImage').filter(Boolean);
  if (corrected.length > 0 && !corrected.includes('ATTN')) return none(t('the images are not corrected for attenuation'));
  const philips = Units === 'CNTS' ? Number(privateText(dataSet, '7053', 'Philips PET Private Group', '00')) : 0;
  if (philips > 0) return { factors: scaledFrom('bw', philips, sizes), reason: '' };
  const toActivity = Units === 'CNTS' ? Number(privateText(dataSet, '7053', 'Philips PET Private Group', '09')) : 1;
  if (!(toActivity > 0) || (Units !== 'BQML' && Units !== 'CNTS')) return none(t('the unit {unit} leads to no SUV', { unit: Units || '?' }));
  const dose = perDose(dataSet, firstAcquired);
  if (typeof dose === 'string') return none(dose);
  if (!sizes.bw) return none(t('the patient\'s weight is missing'));
  return { factors: Object.fromEntries(Object.entries(sizes).map(([kind, size]) => [kind, size * dose * toActivity])), reason: '' };
}

/** Factor, name and unit in force of the kinds that are known; undefined for the stored unit. */
export function chosenSuv(factors: SuvFactors['factors'] | undefined, choice: SuvChoice | undefined): { factor: number; label: string; unit: string } | undefined {
  if (!factors || choice === 'stored') return undefined;
  const kind = SUV_KINDS.find(({ id }) => id === choice && factors[id] !== undefined) ?? SUV_KINDS.find(({ id }) => factors[id] !== undefined);
  return kind && { factor: factors[kind.id] as number, label: kind.label, unit: kind.unit };
}
