// What stands in the corners of a pane (patient, study, series and technique, image), and what is said always. Pure.

import { formatAge, formatDate, formatTime } from './dates';
import { items, number, text, type DataSet } from './dicom-json';
import { withoutNames } from './naming';
import { phaseText } from './phases';
import { formatValue } from './modality';
import { pathText } from './path-text';
import { isLossy, isMosaic, lossyRatio, type DisplaySet, type Picture } from './stack';
import type { Window } from './window';
import { t } from './language';

export type Detail = 'all' | 'minimal' | 'none';

export interface CornerInput {
  set: DisplaySet;
  picture: Picture;
  index: number;
  detail: Detail;
  paneWidth: number;
  /** Zoom in screen pixels per image pixel. */
  scale: number;
  /** Clockwise degrees, where it is turned by other than quarter turns. */
  turned?: number | undefined;
  window: Window | undefined;
  windowLabel: string;
  /** Name of the colour map, if one is on. */
  map?: string | undefined;
  /** What a PET is read in: factor and name; undefined in its stored unit. */
  suv: { factor: number; label: string } | undefined;
  rate: number | undefined;
  /** Without whoever the patient is: age and sex alone. */
  unnamed?: boolean | undefined;
}

export interface Corners {
  topLeft: string[];
  topRight: string[];
  bottomLeft: string[];
  bottomRight: string[];
}

export const nextDetail = (detail: Detail): Detail => ({ all: 'minimal', minimal: 'none', none: 'all' })[detail] as Detail;

const join = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(' · ');
const labelled = (label: string, value: number | undefined, unit = ''): string => (value === undefined ? '' : `${label} ${formatValue(value)}${unit ? ` ${unit}` : ''}`);

export function patientLines(dataSet: DataSet, unnamed = false): string[] {
  const birth = text(dataSet, 'PatientBirthDate');
  const age = formatAge(birth, text(dataSet, 'StudyDate'), text(dataSet, 'PatientAge'));
  if (unnamed) return [join(age, text(dataSet, 'PatientSex'))];
  return [text(dataSet, 'PatientName'), text(dataSet, 'PatientID'), join(birth && formatDate(birth), age, text(dataSet, 'PatientSex'))];
}

export function studyLines(dataSet: DataSet): string[] {
  const taken = text(dataSet, 'AcquisitionTime') || text(dataSet, 'ContentTime');
  const accession = text(dataSet, 'AccessionNumber');
  return [
    text(dataSet, 'InstitutionName'),
    join(formatDate(text(dataSet, 'StudyDate')), formatTime(text(dataSet, 'StudyTime'))),
    text(dataSet, 'StudyDescription'),
    accession && t('Acc. {accession}', { accession }),
    taken && t('Image {taken}', { taken: formatTime(taken, true) }),
  ];
}

const TECHNIQUE: Readonly<Record<string, (dataSet: DataSet) => string[]>> = {
  CT: (d) => [
    join(labelled('', number(d, 'KVP'), 'kV').trim(), labelled('', number(d, 'Exposure'), 'mAs').trim() || labelled('', number(d, 'XRayTubeCurrent'), 'mA').trim()),
    join(text(d, 'ConvolutionKernel'), text(d, 'ContrastBolusAgent')),
  ],
  MR: (d) => [
    join(labelled('TR', number(d, 'RepetitionTime')), labelled('TE', number(d, 'EchoTime')), labelled('TI', number(d, 'InversionTime'))),
    join(labelled('', number(d, 'MagneticFieldStrength'), 'T').trim(), labelled(t('Flip'), number(d, 'FlipAngle'), '°').replace(' °', '°')),
  ],
  PT: (d) => [radiopharmaceutical(d)],
  NM: (d) => [radiopharmaceutical(d)],
  US: (d) => [
    join(text(d, 'TransducerData'), text(d, 'TransducerType')),
    join(labelled('MI', number(d, 'MechanicalIndex')), labelled('TIS', number(d, 'SoftTissueThermalIndex')), labelled('TIB', number(d, 'BoneThermalIndex')), labelled('TIC', number(d, 'CranialThermalIndex'))),
  ],
  MG: (d) => [join(text(d, 'ViewPosition'), labelled('', number(d, 'CompressionForce'), 'N').trim(), labelled('', number(d, 'BodyPartThickness'), 'mm').trim())],
  DX: (d) => [join(text(d, 'ViewPosition'), text(d, 'BodyPartExamined'))],
  CR: (d) => [join(text(d, 'ViewPosition'), text(d, 'BodyPartExamined'))],
};

function radiopharmaceutical(dataSet: DataSet): string {
  const given = items(dataSet, 'RadiopharmaceuticalInformationSequence')[0];
  return join(text(given, 'Radiopharmaceutical'), doseText(number(given, 'RadionuclideTotalDose'), text(dataSet, 'Modality')));
}

function seriesLines(set: DisplaySet, dataSet: DataSet): string[] {
  const title = join(set.modality, set.number === undefined ? '' : t('Series {number}', { number: set.number }));
  return [...(TECHNIQUE[set.modality]?.(dataSet) ?? []), set.description, title];
}

/** Becquerels of a PET, megabecquerels of other nuclear medicine (PS3.3 C.8.4.10, C.8.9.2). */
const doseText = (dose: number | undefined, modality: string): string => (dose ? `${formatValue(Math.round(modality === 'PT' ? dose / 1e6 : dose))} MBq` : '');

const percent = (scale: number): string => `${Math.round(scale * 100)} %`;

export function windowText(window: Window | undefined, label: string, suv: CornerInput['suv']): string {
  if (!window) return label ? `VOI ${label}` : '';
  if (suv) return `${suv.label} ${formatValue((window.center - window.width / 2) * suv.factor)}–${formatValue((window.center + window.width / 2) * suv.factor)}`;
  return `W ${formatValue(window.width)} L ${formatValue(window.center)}`;
}

const shownText = ({ window, windowLabel, suv, map }: CornerInput): string => join(windowText(window, windowLabel, suv), map);

export function imageText(set: DisplaySet, index: number): string {
  const path = set.pictures[index]?.path;
  return path ? pathText(path) : `${set.kind === 'clip' ? t('Frame') : t('Image')} ${index + 1} / ${set.pictures.length}`;
}

function lossyText(dataSet: DataSet): string {
  const ratio = Number(lossyRatio(dataSet));
  return ratio > 0 ? t('Lossy {ratio}:1', { ratio: formatValue(Math.round(ratio * 10) / 10) }) : t('Lossy');
}

function imageLines(input: CornerInput): string[] {
  const { set, picture, index, scale, turned, rate } = input;
  const { dataSet } = picture.instance;
  const place = number(picture.attributes, 'SliceLocation') ?? number(dataSet, 'SliceLocation');
  const thickness = number(picture.attributes, 'SliceThickness') ?? number(dataSet, 'SliceThickness');
  return [
    join(`${number(dataSet, 'Columns') ?? 0} × ${number(dataSet, 'Rows') ?? 0}`, percent(scale), turned === undefined ? '' : `↻ ${formatValue(Math.round(turned))}°`),
    join(labelled(t('Loc'), place === undefined ? undefined : Math.round(place * 10) / 10, 'mm'), labelled(t('Thick'), thickness, 'mm')),
    rate === undefined ? '' : t('{rate} fps', { rate: formatValue(Math.round(rate * 10) / 10) }),
    shownText(input),
    set.phases && !set.plane ? phaseText(set.phases, set.phase ?? 0) : '',
    join(imageText(set, index), picture.instance.InstanceNumber && set.kind === 'stack' ? t('No. {value}', { value: picture.instance.InstanceNumber }) : ''),
  ];
}

const kept = (lines: string[]): string[] => lines.map((line) => line.trim()).filter(Boolean);

/** The four corners. Small panes keep less: under 250 px the minimal text, under 150 px only window and position. */
export function cornerText(input: CornerInput): Corners {
  const corners = allCorners(input);
  if (!input.unnamed) return corners;
  const said = (lines: string[]): string[] => lines.map((line) => withoutNames(line, input.picture.instance.dataSet));
  return { topLeft: said(corners.topLeft), topRight: said(corners.topRight), bottomLeft: said(corners.bottomLeft), bottomRight: said(corners.bottomRight) };
}

function allCorners(input: CornerInput): Corners {
  const { set, picture, index } = input;
  const { dataSet } = picture.instance;
  const image = [shownText(input), imageText(set, index)];
  if (input.paneWidth < 150) return { topLeft: [], topRight: [], bottomLeft: kept(image), bottomRight: [] };
  const detail = input.paneWidth < 250 && input.detail === 'all' ? 'minimal' : input.detail;
  switch (detail) {
    case 'none':
      return { topLeft: [], topRight: [], bottomLeft: [], bottomRight: [] };
    case 'minimal':
      return {
        topLeft: kept(patientLines(dataSet, input.unnamed).slice(0, 2)),
        topRight: kept([formatDate(text(dataSet, 'StudyDate'))]),
        bottomLeft: kept(image),
        bottomRight: kept([set.number === undefined ? set.modality : t('Series {number}', { number: set.number })]),
      };
    case 'all':
      return {
        topLeft: kept(patientLines(dataSet, input.unnamed)),
        topRight: kept(studyLines(dataSet)),
        bottomLeft: kept(imageLines(input)),
        bottomRight: kept(seriesLines(set, dataSet)),
      };
  }
}

/** R or L of paired organs, shown large (ImageLaterality, else Laterality). */
export function laterality(dataSet: DataSet): string {
  const side = text(dataSet, 'ImageLaterality') || text(dataSet, 'Laterality');
  return side === 'R' || side === 'L' ? side : '';
}

/** What stays on the picture in every state of the corner text. */
export function permanentNotes(set: DisplaySet, picture: Picture, source: 'browser' | 'archive' | 'archive-drawn' | undefined, lossySyntax: boolean, calibrated: boolean): string[] {
  const { dataSet } = picture.instance;
  return kept([
    source === 'archive-drawn' ? t('Drawn by the archive: no pixel values, fixed window') : '',
    isLossy(dataSet) || lossySyntax ? lossyText(dataSet) : '',
    calibrated ? '' : t('Not calibrated'),
    isMosaic(dataSet) ? t('Mosaic of slices: no positions') : '',
    text(dataSet, 'PatientIdentityRemoved') === 'YES' ? t('Anonymised') : '',
    ...set.warnings,
  ]);
}
