// Below the panes while a series lies over another: how much of it shows, its window and colours, which of the two is windowed.

import { Eye, EyeOff, X } from 'lucide-react';
import type { JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import { t } from '../../core/language';
import type { Overlay } from '../../viewport/fusion/overlay';
import type { FusionSession } from '../../viewport/fusion/session';
import type { PaneState } from '../../viewport/stack-controller';
import { PresetMenu } from './preset-menu';
import { useStateOf } from './use-signal';

export function FusionBar({ fusion, state, run }: { fusion: FusionSession; state: PaneState; run(name: CommandName): void }): JSX.Element | null {
  const overlay = fusion.of(state.set);
  return overlay ? <Bar fusion={fusion} overlay={overlay} run={run} /> : null;
}

function Bar({ fusion, overlay, run }: { fusion: FusionSession; overlay: Overlay; run(name: CommandName): void }): JSX.Element {
  const layer = useStateOf(fusion);
  const { blend, visible } = useStateOf(overlay);
  const name = [overlay.set.modality, overlay.set.number].filter((part) => part !== undefined).join(' ');
  return (
    <div className="fusion-bar" role="group" aria-label={t('Fusion')} data-testid="fusion-bar">
      <strong>{name}</strong>
      <label className="mpr-slab" title={t('Less {less}, more {more}', { less: keyLabel('fusion.less'), more: keyLabel('fusion.more') })}>
        {t('Blend')}
        <input type="range" min="0" max="100" step="1" value={Math.round(blend * 100)} aria-label={t('Share of the upper series in percent')} onChange={(event) => overlay.setBlend(Number(event.currentTarget.value) / 100)} />
        <output>{`${Math.round(blend * 100)} %`}</output>
      </label>
      <PresetMenu controller={overlay} />
      <button type="button" className="button" aria-pressed={layer === 'overlay'} aria-label={`${t('Window')} ${name}`} title={`${t('A drag windows the upper series (else with Alt)')}  ${keyLabel('fusion.layer')}`} onClick={() => run('fusion.layer')}>
        <span className="fusion-word">{t('Window')}</span> {name}
      </button>
      <button type="button" className="icon-button" aria-label={visible ? t('Hide {name}', { name }) : t('Show {name}', { name })} title={`${titleOf('fusion.hide')}  ${keyLabel('fusion.hide')}`} aria-pressed={!visible} onClick={() => run('fusion.hide')}>
        {visible ? <Eye size={16} /> : <EyeOff size={16} />}
      </button>
      <button type="button" className="icon-button" aria-label={t('End the fusion')} title={`${t('End the fusion')}  ${keyLabel('fusion.toggle')}`} onClick={() => run('fusion.toggle')}>
        <X size={16} />
      </button>
    </div>
  );
}
