// Everything written over a picture: corners, edge letters, scale bar, permanent notes. Takes no pointer events.

import { useMemo, type JSX } from 'react';
import { cornerText, laterality, permanentNotes, type Detail } from '../../core/corner-text';
import { edgeLetters } from '../../core/orientation';
import { pictureInfo, spacingAt } from '../../core/picture-info';
import { scaleBar, type Spacing } from '../../core/spacing';
import type { DisplaySet, Picture } from '../../core/stack';
import { scaleOf, type Point } from '../../core/view';
import type { PaneState } from '../../viewport/stack-controller';

const EDGES = ['top', 'right', 'bottom', 'left'] as const;

interface Props {
  state: PaneState;
  detail: Detail;
  /** The pixel under the pointer: with ultrasound regions it decides the scale. */
  pixel: Point | undefined;
  cursor: string;
  /** More notes that stand on the picture, a line each. */
  further: string;
}

export function Overlay({ state, detail, pixel, cursor, further }: Props): JSX.Element | null {
  const { set, index, shown, bitmap, view, pane, grey, playing, rate } = state;
  const picture = set?.pictures[shown >= 0 ? shown : index];
  const letters = useMemo(() => picture && edgeLetters(picture.orientation, pictureInfo(picture).PatientOrientation, view), [picture, view]);
  if (!set || !picture) return null;
  const info = pictureInfo(picture);
  const scale = bitmap ? scaleOf(view, bitmap, pane) : 0;
  const unitsPerColumn = bitmap?.pixelWidth ?? 1;
  const corners = cornerText({
    set,
    picture,
    index,
    detail,
    paneWidth: pane.width,
    scale: scale * unitsPerColumn,
    window: grey?.window,
    windowLabel: grey?.label ?? '',
    suv: info.transform.suv,
    rate: playing ? rate : undefined,
  });
  const notes = [...notesOf(set, picture, bitmap), ...further.split('\n').filter(Boolean)];
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
      {laterality(picture.instance.dataSet) ? <span className="laterality">{laterality(picture.instance.dataSet)}</span> : null}
      {scale > 0 && bitmap ? <ScaleBar state={state} scale={scale} spacing={spacingAt(picture, pixel)} /> : null}
    </div>
  );
}

function notesOf(set: DisplaySet, picture: Picture, bitmap: PaneState['bitmap']): string[] {
  const { spacing, regions } = pictureInfo(picture);
  return permanentNotes(set, picture, bitmap?.source, bitmap?.lossy === true, spacing !== undefined || regions.length > 0);
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

function ScaleBar({ state, scale, spacing }: { state: PaneState; scale: number; spacing: Spacing | undefined }): JSX.Element | null {
  const { bitmap, pane, view } = state;
  if (!spacing || !bitmap || pane.width < 250) return null;
  const sideways = view.turns % 2 === 1;
  const pixelsPerMm = sideways ? (scale * bitmap.pixelHeight) / spacing.row : (scale * bitmap.pixelWidth) / spacing.column;
  const bar = scaleBar(pixelsPerMm, Math.min(200, pane.width * 0.3));
  if (!bar) return null;
  return (
    <div className="scale-bar" data-testid="scale-bar">
      <span>
        {bar.label}
        {spacing.provenance ? ` ${spacing.provenance}` : ''}
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
