// The series that lies over that of a pane, painted over the drawing of any adapter in the same place.

import { useEffect, useRef, useState, type JSX } from 'react';
import { Signal } from '../../core/lifecycle';
import { cutKey } from '../../core/reslice';
import type { LoadedBitmap } from '../../viewport/bitmap-store';
import { place } from '../../viewport/canvas/drawing';
import type { Overlay } from '../../viewport/fusion/overlay';
import { developOver } from '../../viewport/fusion/picture';
import type { FusionSession } from '../../viewport/fusion/session';
import type { PaneState } from '../../viewport/stack-controller';
import { useStateOf } from './use-signal';
import type { MprHolder } from './viewer-engine';

interface Props {
  fusion: FusionSession;
  mpr: MprHolder;
  /** Number of the pane. */
  pane: number;
  state: PaneState;
}

export function FusionLayer({ fusion, ...rest }: Props): JSX.Element | null {
  const overlay = fusion.of(rest.state.set);
  return overlay ? <Layer key={overlay.set.id} overlay={overlay} {...rest} /> : null;
}

const NO_PLANES = { changed: new Signal(), state: (): undefined => undefined };

function Layer({ overlay, mpr, pane, state }: Omit<Props, 'fusion'> & { overlay: Overlay }): JSX.Element {
  const { set, shown, bitmap, view, pane: size, smooth } = state;
  const look = useStateOf(overlay);
  const planes = useStateOf(mpr);
  useStateOf<unknown>(planes ?? NO_PLANES);
  const picture = set?.pictures[shown];
  const below = picture && planes?.cutOf(picture.id);
  const key = below ? cutKey(below) : '';
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cut, setCut] = useState<{ id: string; bitmap: LoadedBitmap }>();
  const { version, setting, grey, blend, visible } = look;

  useEffect(() => {
    if (!picture || !bitmap || !visible) return undefined;
    let gone = false;
    overlay.cut(pane, picture, bitmap, below).then(
      (made) => {
        if (!gone && made) setCut({ id: picture.id, bitmap: made });
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
    // The cut is told by its key.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [overlay, pane, picture, bitmap, key, version, visible]);

  const image = useRef<{ of: unknown[]; canvas: HTMLCanvasElement }>(undefined);
  const here = cut?.id === picture?.id ? cut?.bitmap : undefined;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const context = sized(element, size);
    if (!here || !visible || !context) return;
    const of = [here, setting, grey];
    if (!image.current || image.current.of.some((part, index) => part !== of[index])) {
      image.current = { of, canvas: document.createElement('canvas') };
      developOver(here, overlay.nodes(here), image.current.canvas);
    }
    context.globalAlpha = blend;
    place(context, image.current.canvas, here, view, size, devicePixelRatio, smooth);
  }, [overlay, here, setting, grey, blend, visible, view, size, smooth]);
  return <canvas ref={canvas} className="plane-layer" data-testid="fusion" data-drawn={here?.id} data-version={version} data-complete={look.loaded + look.failed === look.total} />;
}

function sized(canvas: HTMLCanvasElement, { width, height }: PaneState['pane']): CanvasRenderingContext2D | null {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  return canvas.getContext('2d');
}
