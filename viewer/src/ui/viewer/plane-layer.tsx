// Overlay planes, shutter, supplemental palette and padding, painted over the drawing of any adapter in the same place.

import { useEffect, useMemo, useRef, useState, type JSX } from 'react';
import { storedNodes } from '../../core/display';
import { scaleOf } from '../../core/view';
import { brightness } from '../../core/viewport-port';
import type { LoadedBitmap } from '../../viewport/bitmap-store';
import { place } from '../../viewport/canvas/drawing';
import { drawMask, maskParts, paddingShows, withoutPlanes, type MaskParts } from '../../viewport/mask';
import type { PaneState } from '../../viewport/stack-controller';
import { useServices } from '../services';

interface Known {
  bitmap: LoadedBitmap;
  parts: MaskParts | undefined;
}

export function PlaneLayer({ state, visible }: { state: PaneState; visible: boolean }): JSX.Element | null {
  const { client } = useServices();
  const { set, shown, bitmap, grey, setting, view, pane, presentation } = state;
  const picture = set?.pictures[shown];
  const canvas = useRef<HTMLCanvasElement>(null);
  const [known, setKnown] = useState<Known>();
  useEffect(() => {
    if (!picture || !bitmap) return undefined;
    let gone = false;
    void maskParts(client, picture, bitmap, presentation).then((parts) => {
      if (!gone) setKnown(parts ? { bitmap, parts } : undefined);
    });
    return () => {
      gone = true;
    };
  }, [client, picture, bitmap, presentation]);

  const all = known?.bitmap === bitmap ? known?.parts : undefined;
  const parts = useMemo(() => (visible ? all : withoutPlanes(all)), [visible, all]);
  const nodes = grey && picture && bitmap ? brightness(storedNodes(grey.nodes, picture, bitmap, setting)) : [];
  const withPadding = Boolean(picture && bitmap && nodes.length > 0 && paddingShows(picture, bitmap, nodes));
  const needed = Boolean(parts) || withPadding;
  useEffect(() => {
    const element = canvas.current;
    if (!needed || !element || !picture || !bitmap) return;
    void createImageBitmap(drawMask(picture, bitmap, parts, withPadding)).then((image) => {
      paint(element, image, bitmap, view, pane);
      image.close();
    });
  }, [needed, picture, bitmap, parts, withPadding, view, pane]);
  return needed ? <canvas ref={canvas} className="plane-layer" data-testid="planes" /> : null;
}

function paint(canvas: HTMLCanvasElement, image: ImageBitmap, bitmap: LoadedBitmap, view: PaneState['view'], pane: PaneState['pane']): void {
  canvas.width = Math.round(pane.width * devicePixelRatio);
  canvas.height = Math.round(pane.height * devicePixelRatio);
  const context = canvas.getContext('2d');
  if (!context) return;
  place(context, image, bitmap, view, pane, devicePixelRatio, scaleOf(view, bitmap, pane) * devicePixelRatio < 1);
}
