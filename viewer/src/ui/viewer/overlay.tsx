// Draws what is written over a picture. Takes no pointer events.

import type { JSX } from 'react';
import type { ColourScale } from '../../core/display';
import type { Calibration } from '../../core/measure/calibration';
import type { Detail } from '../../core/corner-text';
import { localNumber, t } from '../../core/language';
import type { Point } from '../../core/view';
import { annotations, type Annotations } from '../../viewport/annotations';
import type { PaneState } from '../../viewport/stack-controller';
import { settings } from '../settings';
import { ColourBar } from './colour-bar';
import { useStateOf } from './use-signal';

const EDGES = ['top', 'right', 'bottom', 'left'] as const;

interface Props {
  state: PaneState;
  detail: Detail;
  /** The pixel under the pointer: with ultrasound regions it decides the scale. */
  pixel: Point | undefined;
  cursor: string;
  calibration: Calibration | undefined;
  /** More notes that stand on the picture, a line each. */
  further: string;
  /** What the colours of a series above mean, if there is one. */
  colours: ColourScale | undefined;
}

export function Overlay({ state, detail, pixel, cursor, calibration, further, colours: upper }: Props): JSX.Element | null {
  const { names } = useStateOf(settings);
  const written = annotations(state, detail, further, { pixel, calibration, unnamed: !names });
  if (!written) return null;
  const { corners, notes, letters, laterality, bar } = written;
  const colours = upper ?? written.colours;
  return (
    <div className="overlay" data-detail={detail}>
      <Lines className="corner corner-tl" lines={corners.topLeft} />
      <Lines className="corner corner-tr" lines={corners.topRight} />
      <Lines className="corner corner-br" lines={corners.bottomRight} />
      <div className="corner corner-bl">
        {notes.length > 0 ? (
          <div className="notes">
            {notes.map((note) => (
              <span key={note}>{note}</span>
            ))}
          </div>
        ) : null}
        {cursor ? <div className="cursor-value" data-testid="cursor-value">{cursor}</div> : null}
        {corners.bottomLeft.map((line) => (
          <div key={line}>{line}</div>
        ))}
      </div>
      {letters ? EDGES.map((edge) => <span key={edge} className={`edge edge-${edge}`} data-edge={edge}>{letters[edge]}</span>) : null}
      {laterality ? <span className="laterality">{laterality}</span> : null}
      {colours ? <ColourBar scale={colours} /> : null}
      {bar ? <Scale bar={bar} /> : null}
    </div>
  );
}

function Lines({ className, lines }: { className: string; lines: string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <div className={className}>
      {lines.map((line, index) => (
        <div key={`${index}-${line}`}>{line}</div>
      ))}
    </div>
  );
}

export function Scale({ bar }: { bar: NonNullable<Annotations['bar']> }): JSX.Element {
  return (
    <div className="scale-bar" data-testid="scale-bar">
      <span>
        {localNumber(bar.label)}
        {bar.provenance ? ` ${t(bar.provenance)}` : ''}
      </span>
      <svg width={bar.pixels + 2} height="8" aria-hidden="true">
        {Array.from({ length: bar.parts + 1 }, (_, index) => {
          const x = 1 + (bar.pixels * index) / bar.parts;
          return <line key={index} x1={x} x2={x} y1={index === 0 || index === bar.parts ? 0 : 3} y2="8" />;
        })}
        <line x1="1" x2={bar.pixels + 1} y1="7" y2="7" />
      </svg>
    </div>
  );
}
