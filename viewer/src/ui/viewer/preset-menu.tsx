// The windows to choose from (the file's own, automatic, full range, presets of the modality with their keys), and colours.

import { ChevronDown } from 'lucide-react';
import { useRef, useState, type JSX } from 'react';
import { COLOUR_MAPS, coloured, gradientOf, type ColourMapId } from '../../core/colour-maps';
import { keyLabel, PRESET_COMMANDS } from '../../core/commands';
import { formatDate } from '../../core/dates';
import { text } from '../../core/dicom-json';
import { DEFAULT_CHOICE, FULL_RANGE, windowChoices, type GreySetting, type Shown } from '../../core/display';
import { t } from '../../core/language';
import type { Signal } from '../../core/lifecycle';
import { formatValue } from '../../core/modality';
import { pictureInfo } from '../../core/picture-info';
import type { PresentationState } from '../../core/presentation-state';
import { presetsFor } from '../../core/presets';
import type { DisplaySet, Picture } from '../../core/stack';
import { chosenSuv, SUV_KINDS, type SuvChoice, type SuvFactors, type SuvKind } from '../../core/suv';
import type { WindowChoice } from '../../core/window';
import { useMenu } from '../parts/menu';
import { useStateOf } from './use-signal';

/** What has a window and colours: a pane, or what lies over one. */
export interface Shades {
  readonly changed: Signal;
  readonly state: () => { set: DisplaySet | undefined; index: number; setting: GreySetting; grey: Shown | undefined; presentation?: PresentationState | undefined };
  chooseWindow(id: string): void;
  chooseMap(map: ColourMapId | undefined, inverted: boolean): void;
  chooseSuv(suv: SuvChoice): void;
}

export function PresetMenu({ controller, onState }: { controller: Shades; onState?: (state: PresentationState) => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const state = useStateOf(controller);
  const picture = state.set?.pictures[state.index];
  const choices = state.set && picture ? windowChoices(picture, state.set.modality, state.setting.suv, state.set.states) : [];
  const states = onState ? (state.set?.states ?? []) : [];
  const presets = presetsFor(state.set?.modality ?? '');
  const chosen = chosenOf(state.setting, choices);

  useMenu(menu, open, () => setOpen(false));

  const firstOfFile = choices.find(({ id }) => id.startsWith('file') || id.startsWith('lut'))?.id;
  const keyOf = (id: string): string => {
    const preset = PRESET_COMMANDS[presets.findIndex((one) => one.id === id)];
    const command = id === firstOfFile ? 'window.default' : id === FULL_RANGE ? 'window.full' : preset;
    return command ? keyLabel(command) : '';
  };
  return (
    <div className="preset" ref={menu} data-phone="true">
      <button type="button" className="preset-button" title={t('Window and colours')} aria-haspopup="menu" aria-expanded={open} disabled={choices.length === 0 && states.length === 0} onClick={() => setOpen(!open)}>
        <span>{choices.length === 0 ? t('Colour') : (state.grey?.label ?? t('Window'))}</span>
        <ChevronDown size={14} aria-hidden="true" />
      </button>
      {open ? (
        <div className="menu" role="menu" aria-label={t('Window and colours')}>
          <States
            states={states}
            applied={state.presentation}
            onChoose={(chosen) => {
              onState?.(chosen);
              setOpen(false);
            }}
          />
          {choices.map(({ id, label, window }) => (
            <button
              key={id}
              type="button"
              role="menuitemradio"
              aria-checked={id === chosen}
              onClick={() => {
                controller.chooseWindow(id);
                setOpen(false);
              }}
            >
              <span>{label}</span>
              <span className="menu-note">{window ? `${formatValue(window.width)} / ${formatValue(window.center)}` : ''}</span>
              <span className="menu-key">{keyOf(id)}</span>
            </button>
          ))}
          {picture && state.set?.modality === 'PT' ? <Quantities picture={picture} chosen={state.setting.suv} onChoose={(suv) => controller.chooseSuv(suv)} /> : null}
          <Colours
            setting={state.setting}
            onChoose={(map, inverted) => {
              controller.chooseMap(map, inverted);
              setOpen(false);
            }}
          />
        </div>
      ) : null}
    </div>
  );
}

const whyNot = (suv: SuvFactors | undefined, id: SuvKind): string => (suv?.factors[id] === undefined ? [suv?.reason, t('size or sex missing')].find(Boolean) ?? '' : '');

/** What a PET is read in; a kind that cannot be known says why. */
function Quantities({ picture, chosen, onChoose }: { picture: Picture; chosen: SuvChoice | undefined; onChoose(suv: SuvChoice): void }): JSX.Element {
  const { suv, unit } = pictureInfo(picture).transform;
  const now = chosenSuv(suv?.factors, chosen)?.label;
  const entry = (id: SuvChoice, label: string, title: string, on: boolean, reason: string): JSX.Element => (
    <button key={id} type="button" role="menuitemradio" aria-checked={on} title={reason || t(title)} disabled={reason !== ''} onClick={() => onChoose(id)}>
      <span>{label}</span>
      <span className="menu-note">{reason}</span>
    </button>
  );
  return (
    <div className="menu-group" role="group" aria-label={t('Values')}>
      {SUV_KINDS.map(({ id, label, title }) => entry(id, label, title, label === now, whyNot(suv, id)))}
      {entry('stored', unit || t('Stored values'), t('The values as they are stored'), now === undefined, '')}
    </div>
  );
}

/** The window in force; the default is the first that no presentation state brings. */
function chosenOf({ custom, choice }: GreySetting, choices: readonly WindowChoice[]): string {
  if (custom) return '';
  return choice === DEFAULT_CHOICE ? (choices.find(({ id }) => !id.startsWith('state-'))?.id ?? '') : choice;
}

interface StatesProps {
  states: readonly PresentationState[];
  applied: PresentationState | undefined;
  onChoose(state: PresentationState): void;
}

function States({ states, applied, onChoose }: StatesProps): JSX.Element | null {
  if (states.length === 0) return null;
  return (
    <div className="menu-states" role="group" aria-label={t('Presentation states')}>
      <h3>{t('Presentation states')}</h3>
      {states.map((state) => (
        <button key={state.id} type="button" role="menuitemradio" aria-checked={state.id === applied?.id} onClick={() => onChoose(state)}>
          <span>{state.label}</span>
          <span className="menu-note">{formatDate(text(state.dataSet, 'ContentDate') || text(state.dataSet, 'SeriesDate'))}</span>
        </button>
      ))}
    </div>
  );
}

const RAMP = [{ value: 0, grey: 0 }, { value: 1, grey: 1 }] as const;
const CHOICES: readonly { id: ColourMapId | undefined; label: string; inverted: boolean }[] = [
  { id: undefined, label: 'Grey', inverted: false },
  { id: undefined, label: 'Inverted grey', inverted: true },
  ...COLOUR_MAPS.map(({ id, label }) => ({ id, label, inverted: false })),
];

function Colours({ setting, onChoose }: { setting: GreySetting; onChoose(map: ColourMapId | undefined, inverted: boolean): void }): JSX.Element {
  return (
    <div className="menu-maps" role="group" aria-label={t('Colours')}>
      {CHOICES.map(({ id, label, inverted }) => (
        <button key={label} type="button" role="menuitemradio" aria-checked={setting.map === id && setting.inverted === inverted} onClick={() => onChoose(id, inverted)}>
          <span>{t(label)}</span>
          <span className="menu-swatch" style={{ background: gradientOf(coloured(RAMP, id), inverted ? 'to left' : 'to right') }} />
        </button>
      ))}
    </div>
  );
}
