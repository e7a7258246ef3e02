// What is written over a volume in three dimensions: who, what limits the picture, how it is shown.

import { formatDate } from '../../core/dates';
import { text } from '../../core/dicom-json';
import { t } from '../../core/language';
import { phaseText } from '../../core/phases';
import type { Volume3dSession, Volume3dState } from './session';

export interface VolumeWritten {
  patient: string[];
  notes: string[];
  mode: string;
  series: string;
}

export function volumeWritten(session: Volume3dSession, state: Volume3dState): VolumeWritten {
  const { phases } = session.source;
  const dataSet = session.source.instances[0]?.dataSet;
  return {
    patient: [text(dataSet, 'PatientName') || text(dataSet, 'PatientID'), text(dataSet, 'PatientID')],
    notes: notesOf(session, state),
    mode: [state.mode === 'mip' || state.shown === 'projection' ? t('Maximum intensity') : session.edited ? t('{preset}, changed', { preset: t(state.preset.label) }) : t(state.preset.label), phases && state.shown !== 'nothing' ? phaseText(phases, state.drawn) : ''].filter(Boolean).join(' · '),
    series: [formatDate(text(dataSet, 'StudyDate')), session.source.description].filter(Boolean).join(' · '),
  };
}

function notesOf(session: Volume3dSession, state: Volume3dState): string[] {
  const { shown, factor, loaded, total, failed } = state;
  if (shown === 'projection') {
    const { cuts, limits } = session.kept();
    return [t('Maximum projection made by the archive: no graphics processor'), factor > 1 ? t('Reduced to 1/{factor}', { factor }) : '', cuts.length > 0 || limits ? t('Clipping and cuts are not applied') : '', ...session.notes].filter(Boolean);
  }
  const progress = loaded + failed < total ? t('{loaded} of {total} slices', { loaded, total }) : '';
  if (shown === 'preview') return [t('Preview at 1/{factor}', { factor }), progress, failed > 0 ? t('{failed} slices missing', { failed }) : '', ...session.notes].filter(Boolean);
  return [shown === 'slices' && factor > 1 ? t('Reduced to 1/{factor}', { factor }) : '', failed > 0 ? t('{failed} slices missing', { failed }) : '', ...phaseNotes(session, state), ...session.notes].filter(Boolean);
}

function phaseNotes({ held: { fit, count } }: Volume3dSession, { phase, drawn, loaded, total }: Volume3dState): string[] {
  return [
    ...(phase !== drawn ? [t('Phase {phase} is coming: {loaded} of {total} slices', { phase: phase + 1, loaded, total })] : []),
    ...(fit < count ? [t('{fit} of {count} phases fit into memory', { fit, count })] : []),
  ];
}
