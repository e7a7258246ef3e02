// One pane: the drawing, what is written over it, gestures, and what happens when a picture cannot be shown.

import { ImageOff, LoaderCircle } from 'lucide-react';
import { useEffect, useRef, useState, type JSX } from 'react';
import type { CommandName } from '../../core/commands';
import type { Detail } from '../../core/corner-text';
import type { Tool } from '../../core/gesture';
import { formatValue } from '../../core/modality';
import type { Point } from '../../core/view';
import { createViewport, rendererWanted } from '../../viewport/create-viewport';
import type { PaneState, StackController } from '../../viewport/stack-controller';
import { CineBar } from './cine-bar';
import { DocumentCard } from './document-card';
import { FrameSlider } from './frame-slider';
import { Gestures } from './gestures';
import { Overlay } from './overlay';
import { PlaneLayer } from './plane-layer';
import { useStateOf } from './use-signal';
import type { ViewerEngine } from './viewer-engine';

interface Props {
  engine: ViewerEngine;
  tool: Tool;
  detail: Detail;
  planes: boolean;
  run(name: CommandName): void;
  onMenu(at: Point): void;
  onTags(): void;
}

export function Pane({ engine, tool, detail, planes, run, onMenu, onTags }: Props): JSX.Element {
  const { controller, store } = engine;
  const state = useStateOf(controller);
  const surface = useRef<HTMLDivElement>(null);
  const drawing = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<Point>();
  const latest = useRef({ tool, run, onMenu });
  useEffect(() => {
    latest.current = { tool, run, onMenu };
  });
  const failure = useDrawing(drawing, controller);

  useEffect(() => {
    const element = surface.current;
    if (!element) return undefined;
    const gestures = new Gestures(element, controller, {
      tool: () => latest.current.tool,
      cursorAt: setCursor,
      maximize: () => latest.current.run('panel.full'),
      menu: (at) => latest.current.onMenu(at),
    });
    return () => gestures.dispose();
  }, [controller]);

  const isDocument = state.set?.kind === 'document';
  return (
    <div className="pane" data-status={state.status} data-index={state.index} data-shown={state.shown} data-testid="pane">
      <div className="pane-drawing" ref={drawing} style={{ visibility: state.bitmap && !isDocument ? 'visible' : 'hidden' }} />
      {isDocument ? null : <PlaneLayer state={state} visible={planes} />}
      <div className="pane-surface" ref={surface} data-tool={tool} hidden={isDocument} />
      {isDocument && state.set ? <DocumentCard set={state.set} onTags={onTags} /> : <Overlay state={state} detail={detail} pixel={cursor && controller.valueAt(cursor)?.pixel} cursor={cursorText(controller, cursor)} />}
      {isDocument ? null : <FrameSlider state={state} store={store} controller={controller} />}
      <CineBar state={state} run={run} />
      <Waiting state={state} />
      {state.status === 'failed' || failure ? <Failed message={failure || state.message} onRetry={() => controller.retry()} /> : null}
    </div>
  );
}

/** Makes the drawing once the element is there; returns why there is none. */
function useDrawing(drawing: React.RefObject<HTMLDivElement | null>, controller: StackController): string {
  const [failure, setFailure] = useState('');
  useEffect(() => {
    const element = drawing.current;
    if (!element) return undefined;
    let gone = false;
    let release = (): void => undefined;
    createViewport(element, rendererWanted()).then(
      (port) => {
        if (gone) {
          port.dispose();
          return;
        }
        element.dataset.renderer = port.name;
        controller.attach(port);
        const observer = new ResizeObserver(() => controller.resized());
        observer.observe(element);
        release = () => {
          observer.disconnect();
          controller.detach();
          port.dispose();
        };
      },
      (error: unknown) => setFailure(error instanceof Error ? error.message : 'This browser cannot draw images'),
    );
    return () => {
      gone = true;
      release();
    };
  }, [drawing, controller]);
  return failure;
}

function cursorText(controller: StackController, cursor: Point | undefined): string {
  const under = cursor && controller.valueAt(cursor);
  if (!under) return '';
  const place = `(${under.pixel[0]}, ${under.pixel[1]})`;
  if (under.rgb) return `${place}  RGB ${under.rgb.join(' ')}`;
  if (under.value === undefined) return place;
  const suv = under.suv === undefined || under.unit === 'SUV' ? '' : `  SUV ${formatValue(under.suv)}`;
  return `${place}  ${formatValue(under.value)}${under.unit ? ` ${under.unit}` : ''}${suv}`;
}

function Waiting({ state }: { state: PaneState }): JSX.Element | null {
  if (state.status !== 'loading') return null;
  return (
    <div className="waiting" data-first={!state.bitmap}>
      <LoaderCircle size={state.bitmap ? 16 : 28} strokeWidth={1.5} aria-label="Loading image" />
    </div>
  );
}

function Failed({ message, onRetry }: { message: string; onRetry(): void }): JSX.Element {
  return (
    <div className="failed" role="alert">
      <ImageOff size={32} strokeWidth={1.25} aria-hidden="true" />
      <strong>This image cannot be shown</strong>
      <span>{message}</span>
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
