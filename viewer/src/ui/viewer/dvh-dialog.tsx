// Dose-volume histograms of the structures that are shown in the dose's space: chart, table, CSV.

import { useEffect, useMemo, useState, type JSX } from 'react';
import { fixed, t } from '../../core/language';
import { withoutNames } from '../../core/naming';
import { curvesCsv, dvhColumns, tableCsv, tableDoses, type DvhColumn, type DvhRow } from '../../core/structures/dvh-table';
import { dvhOf, volumeOfDose, type DvhShape } from '../../core/structures/dvh';
import type { Shape, ShownDose, Structure, StructureObject } from '../../viewport/structures/objects';
import { Dialog } from '../parts/dialog';
import { download } from '../parts/download';

interface Props {
  dose: ShownDose;
  objects: readonly StructureObject[];
  title: string;
  onClose(): void;
}

export function DvhDialog({ dose, objects, title, onClose }: Props): JSX.Element {
  const { rows, waiting } = useHistograms(dose, objects);
  const { unit, most } = dose.grid;
  const about = objects.find(({ set }) => set)?.set?.instances[0]?.dataSet;
  const unnamed = (): DvhRow[] => rows.map((row) => ({ ...row, name: withoutNames(row.name, about) }));
  const columns = useMemo(() => dvhColumns(unit, tableDoses(most)), [unit, most]);
  return (
    <Dialog title={t('Dose-volume histogram · {title}', { title })} width="wide" onClose={onClose}>
      <div className="dvh" data-testid="dvh" data-waiting={waiting}>
        {rows.length === 0 ? <p className="muted">{waiting > 0 ? t('Computing') : t('Show a segmentation or structure set that lies in this dose')}</p> : null}
        {rows.length > 0 ? (
          <>
            <Chart rows={rows} unit={unit} most={most} />
            <Table rows={rows} columns={columns} />
            <footer>
              <button type="button" className="button" onClick={() => download('dvh.csv', 'text/csv', tableCsv(unnamed(), columns))}>
                {t('Table as CSV')}
              </button>
              <button type="button" className="button" onClick={() => download('dvh-curves.csv', 'text/csv', curvesCsv(unnamed(), unit, most))}>
                {t('Curves as CSV')}
              </button>
              <span className="muted">{t('Computed here, several points a voxel; a stored histogram is dashed')}</span>
            </footer>
          </>
        ) : null}
      </div>
    </Dialog>
  );
}

function dvhShape(shape: Shape): DvhShape | undefined {
  if (shape.kind === 'mask') return { kind: 'mask', grid: shape.grid, slices: shape.slices };
  return shape.kind === 'contours' && shape.stack ? { kind: 'contours', stack: shape.stack } : undefined;
}

const frameOf = ({ shape }: Structure, object: StructureObject): string => (shape.kind === 'contours' ? shape.FrameOfReferenceUID : object.FrameOfReferenceUID);

/** One after the other, so that the page stays in use. */
function useHistograms(dose: ShownDose, objects: readonly StructureObject[]): { rows: DvhRow[]; waiting: number } {
  const { grid, stored } = dose;
  const wanted = useMemo(() => objects.filter(({ visible }) => visible).flatMap((object) => object.structures.filter((one) => one.visible && frameOf(one, object) === grid.FrameOfReferenceUID).map((structure) => ({ structure, object }))), [objects, grid]);
  const [done, setDone] = useState<{ of: typeof wanted; rows: DvhRow[]; count: number }>({ of: wanted, rows: [], count: 0 });
  useEffect(() => {
    let gone = false;
    const rows: DvhRow[] = [];
    const work = async (): Promise<void> => {
      for (const [index, { structure, object }] of wanted.entries()) {
        await new Promise((next) => setTimeout(next, 0));
        if (gone) return;
        const shape = dvhShape(structure.shape);
        const dvh = shape && dvhOf(shape, grid);
        const known = object.kind === 'RTSTRUCT' ? stored.get(structure.number) : undefined;
        if (dvh) rows.push({ name: structure.name, colour: structure.colour, dvh, ...(known ? { stored: known } : {}) });
        setDone({ of: wanted, rows: [...rows], count: index + 1 });
      }
    };
    void work();
    return () => {
      gone = true;
    };
  }, [wanted, grid, stored]);
  const current = done.of === wanted ? done : { rows: [], count: 0 };
  return { rows: current.rows, waiting: wanted.length - current.count };
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [900, 320, 44, 28];

function Chart({ rows, unit, most }: { rows: readonly DvhRow[]; unit: string; most: number }): JSX.Element {
  const top = most * 1.02;
  const x = (dose: number): number => LEFT + ((WIDTH - LEFT - 8) * dose) / top;
  const y = (percent: number): number => 8 + ((HEIGHT - BOTTOM - 8) * (100 - percent)) / 100;
  const ticks = tickDoses(top);
  const line = (points: readonly (readonly [number, number])[]): string => points.map(([dose, percent]) => `${x(Math.min(dose, top)).toFixed(1)},${y(percent).toFixed(1)}`).join(' ');
  return (
    <svg className="dvh-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('Volume in percent against dose')}>
      {[0, 25, 50, 75, 100].map((percent) => (
        <g key={percent}>
          <line x1={LEFT} x2={WIDTH - 8} y1={y(percent)} y2={y(percent)} />
          <text x={LEFT - 6} y={y(percent) + 4} textAnchor="end">{percent} %</text>
        </g>
      ))}
      {ticks.map((dose) => (
        <g key={dose}>
          <line x1={x(dose)} x2={x(dose)} y1={8} y2={HEIGHT - BOTTOM} />
          <text x={x(dose)} y={HEIGHT - 10} textAnchor="middle">{`${dose} ${unit}`}</text>
        </g>
      ))}
      {rows.map(({ name, colour, dvh, stored }, index) => (
        <g key={`${name}-${index}`} fill="none" stroke={colour}>
          <polyline strokeWidth="2" points={line(Array.from({ length: 301 }, (_, at) => (at * most) / 300).map((dose) => [dose, volumeOfDose(dvh, dose)] as const))} />
          {stored ? <polyline strokeDasharray="6 4" points={line(stored.points.map(({ dose, percent }) => [dose, percent] as const))} /> : null}
        </g>
      ))}
    </svg>
  );
}

function tickDoses(top: number): number[] {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((one) => top / one <= 12) ?? 100;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => Math.round(index * step * 10) / 10);
}

function Table({ rows, columns }: { rows: readonly DvhRow[]; columns: readonly DvhColumn[] }): JSX.Element {
  return (
    <div className="dvh-table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('Structure')}</th>
            {columns.map(({ title, unit }) => (
              <th key={title} scope="col">
                {t(title)} <small className="muted">{unit}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, colour, dvh }, index) => (
            <tr key={`${name}-${index}`}>
              <th scope="row">
                <span className="dose-swatch" style={{ background: colour }} /> {name}
                {dvh.outside > 0.001 * dvh.volume ? <small className="structures-refused"> {t('{percent} % outside the grid', { percent: fixed((100 * dvh.outside) / dvh.volume, 1) })}</small> : null}
              </th>
              {columns.map(({ title, value }) => (
                <td key={title}>{fixed(value(dvh), 2)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
