// What texts of a header say while it is hidden who the patient is (Shift H): the same without names, numbers and birth date.

import type { DataSet } from '../../core/dicom-json';
import { withoutNames } from '../../core/naming';
import { settings } from '../settings';
import { useStateOf } from './use-signal';

type Said = (words: string, about: DataSet | undefined) => string;

const asItIs: Said = (words) => words;

export const useSaid = (): Said => (useStateOf(settings).names ? asItIs : withoutNames);
