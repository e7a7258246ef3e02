// Below the planes while a path is drawn or shown along: how to draw it, how long it is, turning, width, place.

import type { JSX } from 'react';
import { keyLabel, titleOf, type CommandName } from '../../core/commands';
import { angleOf, UNTURNED } from '../../core/curved';
import { fixed, t } from '../../core/language';
import { LEAST_WIDTH, MOST_WIDTH, SECTION, STRAIGHTENED, type PathSession } from '../../viewport/mpr/path-session';
import type { Workspace } from '../../viewport/workspace';
import { useStateOf } from './use-signal';

interface Props {
  path: PathSession;
  workspace: Workspace;
  drawing: boolean;
  run(name: CommandName): void;
}

export function CurveBar({ path, workspace, drawing, run }: Props): JSX.Element | null {
  const { mode, points, curve } = useStateOf(path);
  if (mode === 'off') return null;
  const button = (name: CommandName, label: string, disabled = false): JSX.Element => (
    <button type="button" className="button" title={[titleOf(name), keyLabel(name)].filter(Boolean).join('  ')} disabled={disabled} onClick={() => run(name)}>
      {label}
    </button>
  );
  return (
    <div className="curve-bar" role="group" aria-label={t('Curved plane')} data-mode={mode}>
      {mode === 'shown' ? <Shown path={path} workspace={workspace} /> : <span className="curve-hint">{t('Click points along the path, in any plane')}</span>}
      <output data-testid="path-length">{t('{n} points · {length} mm', { n: points.length, length: fixed(curve?.length ?? 0, 1) })}</output>
      <span className="curve-end">
        {drawing ? (
          <>
            {button('curve.remove', t('Remove point'), points.length === 0)}
            {button('curve.finish', t('Done'), !curve)}
          </>
        ) : (
          button('curve.draw', t('Edit path'))
        )}
        {button('view.reset', t('Close'))}
      </span>
    </div>
  );
}

function Shown({ path, workspace }: { path: PathSession; workspace: Workspace }): JSX.Element | null {
  const { cells } = useStateOf(workspace);
  const [straightened, section] = [cells[STRAIGHTENED]?.controller, cells[SECTION]?.controller];
  return straightened && section ? <Sliders path={path} straightened={straightened} section={section} /> : null;
}

function Sliders({ path, straightened, section }: { path: PathSession; straightened: Workspace['active']; section: Workspace['active'] }): JSX.Element {
  const { curve, width } = useStateOf(path);
  const turn = useStateOf(straightened).index;
  const at = useStateOf(section).index;
  const last = (curve?.stations.length ?? 1) - 1;
  return (
    <>
      <label className="mpr-slab">
        {t('Turn')}
        <input type="range" min="0" max={2 * UNTURNED} step="1" value={turn} aria-label={t('Turn about the path in degrees')} aria-valuetext={`${angleOf(turn)}°`} onChange={(event) => path.turnTo(Number(event.currentTarget.value))} />
        <output>{`${angleOf(turn)}°`}</output>
      </label>
      <label className="mpr-slab">
        {t('Width across')}
        <input type="range" min={LEAST_WIDTH} max={MOST_WIDTH} step="5" value={width} aria-label={t('Width across the path in mm')} onChange={(event) => path.setWidth(Number(event.currentTarget.value))} />
        <output>{`${width} mm`}</output>
      </label>
      <label className="mpr-slab">
        {t('Place')}
        <input type="range" min="0" max={last} step="1" value={at} aria-label={t('Place along the path')} aria-valuetext={`${fixed(at * (curve?.step ?? 0), 1)} mm`} onChange={(event) => path.goTo(Number(event.currentTarget.value))} />
        <output>{`${fixed(at * (curve?.step ?? 0), 1)} mm`}</output>
      </label>
    </>
  );
}
