// The path drawn through the planes of a volume: in a plane its line and points, along it where the two panes cut each other.

import { useMemo, type JSX } from 'react';
import type { Curve } from '../../core/curve';
import { angleOf } from '../../core/curved';
import { planeOf, toPixel, type ImagePlane } from '../../core/plane';
import { pixelToPane, type Point } from '../../core/view';
import type { MprSession } from '../../viewport/mpr/session';
import { SECTION, STRAIGHTENED, type PathSession } from '../../viewport/mpr/path-session';
import type { PaneState } from '../../viewport/stack-controller';
import type { Workspace } from '../../viewport/workspace';
import { useStateOf } from './use-signal';

interface Props {
  session: MprSession;
  workspace: Workspace;
  pane: PaneState;
}

type ToPane = (pixel: Point) => Point;

export function PathLayer({ session, workspace, pane }: Props): JSX.Element | null {
  const { path } = session;
  const { mode } = useStateOf(path);
  useStateOf(session);
  const { set, shown, bitmap, view } = pane;
  const picture = set?.pictures[shown];
  const toPane = useMemo((): ToPane | undefined => bitmap && ((pixel) => pixelToPane(pixel, view, bitmap, pane.pane)), [bitmap, view, pane.pane]);
  if (mode === 'off' || !picture || !toPane) return null;
  const plane = planeOf(picture);
  return (
    <svg className="path-layer" data-testid="path" aria-hidden="true">
      {picture.path ? <Cuts workspace={workspace} pane={pane} toPane={toPane} /> : plane ? <Drawn path={path} plane={plane} near={path.near} toPane={toPane} /> : null}
    </svg>
  );
}

interface Run {
  near: boolean;
  points: Point[];
}

/** The path in parts that lie in the plane and parts before or behind it. */
function runsOf({ stations }: Curve, plane: ImagePlane, reach: number, toPane: ToPane): Run[] {
  const runs: Run[] = [];
  for (const { place } of stations) {
    const { pixel, distance } = toPixel(plane, place);
    const near = Math.abs(distance) <= reach;
    const at = toPane(pixel);
    const last = runs.at(-1);
    last?.points.push(at);
    if (last?.near !== near) runs.push({ near, points: [at] });
  }
  return runs;
}

const written = (points: readonly Point[]): string => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');

function Drawn({ path: session, plane, near, toPane }: { path: PathSession; plane: ImagePlane; near: number; toPane: ToPane }): JSX.Element {
  const { curve, points, selected } = useStateOf(session);
  const runs = useMemo(() => (curve ? runsOf(curve, plane, near, toPane) : []), [curve, plane, near, toPane]);
  return (
    <>
      {[true, false].map((under) => runs.map((run, index) => <polyline key={`${under}-${index}`} points={written(run.points)} className={under ? 'path-halo' : 'path-line'} data-near={run.near} />))}
      {points.map((point, index) => {
        const { pixel, distance } = toPixel(plane, point);
        const [x, y] = toPane(pixel);
        return <circle key={index} cx={x} cy={y} r={index === selected ? 6.5 : 4.5} className="path-point" data-near={Math.abs(distance) <= near} data-selected={index === selected} />;
      })}
    </>
  );
}

/** In the straightened picture where the plane across lies, in that plane from which side the picture is taken. */
function Cuts({ workspace, pane, toPane }: { workspace: Workspace; pane: PaneState; toPane: ToPane }): JSX.Element | null {
  const { cells } = useStateOf(workspace);
  const other = cells[pane.set?.plane === 'straightened' ? SECTION : STRAIGHTENED]?.controller;
  const { bitmap } = pane;
  return other && bitmap ? <Cut other={other} straightened={pane.set?.plane === 'straightened'} columns={bitmap.columns} rows={bitmap.rows} toPane={toPane} /> : null;
}

function Cut({ other, straightened, columns, rows, toPane }: { other: Workspace['active']; straightened: boolean; columns: number; rows: number; toPane: ToPane }): JSX.Element {
  const { index } = useStateOf(other);
  const [a, b] = straightened ? ([[index, -0.5], [index, rows - 0.5]] as const).map(toPane) : across(columns, index).map(toPane);
  return <line x1={a?.[0]} y1={a?.[1]} x2={b?.[0]} y2={b?.[1]} className="cut-line" data-role="path" />;
}

/** A line through the middle of the plane across, as the straightened picture is turned: the right-handed way about its normal. */
function across(size: number, index: number): [Point, Point] {
  const turn = (angleOf(index) * Math.PI) / 180;
  const [middle, half] = [(size - 1) / 2, size / 2];
  const [x, y] = [-Math.sin(turn) * half, Math.cos(turn) * half];
  return [[middle - x, middle - y], [middle + x, middle + y]];
}
