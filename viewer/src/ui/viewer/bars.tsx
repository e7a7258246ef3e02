// What stands below or in front of the panes while a series is shown in more than its own pictures: fusion, planes, 3D.

import { Suspense, type JSX } from 'react';
import { Signal } from '../../core/lifecycle';
import type { CommandName } from '../../core/commands';
import type { Tool } from '../../core/gesture';
import { late } from '../parts/late';
import { useStateOf } from './use-signal';
import type { ViewerEngine } from './viewer-engine';
import './bars.css';

const FusionBar = late(() => import('./fusion-bar').then((module) => module.FusionBar));
export const MprBar = late(() => import('./mpr-bar').then((module) => module.MprBar));
const CurveBar = late(() => import('./curve-bar').then((module) => module.CurveBar));
const IsocontourBar = late(() => import('./isocontour-bar').then((module) => module.IsocontourBar));
const PhaseBar = late(() => import('./phase-bar').then((module) => module.PhaseBar));
export const VolumePane = late(() => import('./volume-pane').then((module) => module.VolumePane));

const NOTHING = { changed: new Signal(), state: (): undefined => undefined };

export function Bars({ engine, tool, run }: { engine: ViewerEngine; tool: Tool; run(name: CommandName): void }): JSX.Element {
  useStateOf(engine.workspace);
  const pane = useStateOf(engine.workspace.active);
  const fusion = useStateOf(engine.fusion);
  const mpr = useStateOf(engine.mpr);
  useStateOf<unknown>(mpr ?? NOTHING);
  const path = useStateOf(mpr?.path ?? NOTHING);
  const measure = useStateOf(engine.measure);
  useStateOf<unknown>(measure ?? NOTHING);
  const volume3d = useStateOf(engine.volume3d);
  return (
    <Suspense fallback={null}>
      {fusion && pane.set?.fusion ? <FusionBar fusion={fusion} state={pane} run={run} /> : null}
      {pane.set?.phases && !volume3d ? <PhaseBar control={engine.phases} run={run} /> : null}
      {mpr ? <MprBar session={mpr} run={run} /> : null}
      {mpr && path && path.mode !== 'off' ? <CurveBar path={mpr.path} workspace={engine.workspace} drawing={tool === 'curve'} run={run} /> : null}
      {measure && !volume3d && (tool === 'isocontour' || measure.region()) ? <IsocontourBar session={measure} run={run} /> : null}
      {volume3d ? <VolumePane session={volume3d} phases={engine.phases} run={run} /> : null}
    </Suspense>
  );
}
