// What a painted segment may be said to be: category and type as codes (PS3.16 CID 7150, 7151). Pure.

import { text, type DataSet } from '../dicom-json';
import { t } from '../language';

export interface Code {
  CodeValue: string;
  CodingSchemeDesignator: string;
  CodeMeaning: string;
}

export interface Property {
  id: string;
  category: Code;
  type: Code;
}

const sct = (CodeValue: string, CodeMeaning: string): Code => ({ CodeValue, CodingSchemeDesignator: 'SCT', CodeMeaning });
const TISSUE = sct('85756007', 'Tissue');
const ANATOMY = sct('123037004', 'Anatomical Structure');
const ABNORMAL = sct('49755003', 'Morphologically Abnormal Structure');

export const PROPERTIES: readonly [Property, ...Property[]] = [
  { id: 'tissue', category: TISSUE, type: TISSUE },
  { id: 'organ', category: ANATOMY, type: sct('113343008', 'Organ') },
  { id: 'bone', category: ANATOMY, type: sct('272673000', 'Bone') },
  { id: 'vessel', category: ANATOMY, type: sct('59820001', 'Blood vessel') },
  { id: 'lesion', category: ABNORMAL, type: sct('52988006', 'Lesion') },
  { id: 'neoplasm', category: ABNORMAL, type: sct('108369006', 'Neoplasm') },
];

const codeFrom = (item: DataSet | undefined): Code | undefined => {
  const [CodeValue, CodingSchemeDesignator, CodeMeaning] = [text(item, 'CodeValue'), text(item, 'CodingSchemeDesignator'), text(item, 'CodeMeaning')];
  return CodeValue && CodingSchemeDesignator && CodeMeaning ? { CodeValue, CodingSchemeDesignator, CodeMeaning } : undefined;
};

/** What a stored segment is said to be; undefined where a code of the two is missing. */
export function propertyFrom(category: DataSet | undefined, type: DataSet | undefined): Property | undefined {
  const [one, other] = [codeFrom(category), codeFrom(type)];
  return one && other && { id: `${one.CodeValue} ${other.CodeValue}`, category: one, type: other };
}

/** As it is read: "Anatomical Structure · Liver". */
export const propertyText = (property: Property | undefined): string => (property ? [...new Set([t(property.category.CodeMeaning), t(property.type.CodeMeaning)])].join(' · ') : '');
