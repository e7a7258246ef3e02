// Overlay planes, shutter and padding, painted over the drawing of any adapter in the same place.

import { useEffect, useRef, useState, type JSX } from 'react';
import { storedNodes } from '../../core/display';
import { imageSize, scaleOf, screenAxes } from '../../core/view';
import type { LoadedBitmap } from '../../viewport/bitmap-store';
import { drawMask, maskParts, paddingShows, type MaskParts } from '../../viewport/mask';
import type { PaneState } from '../../viewport/stack-controller';
import { useServices } from '../services';

interface Known {
  bitmap: LoadedBitmap;
  parts: MaskParts | undefined;
}

export function PlaneLayer({ state, visible }: { state: PaneState; visible: boolean }): JSX.Element | null {
  const { client } = useServices();
  const { set, shown, bitmap, grey, setting, view, pane } = state;
  const picture = set?.pictures[shown];
  const canvas = useRef<HTMLCanvasElement>(null);
  const [known, setKnown] = useState<Known>();
  useEffect(() => {
    if (!picture || !bitmap) return undefined;
    let gone = false;
    void maskParts(client, picture, bitmap).then((parts) => {
      if (!gone) setKnown(parts ? { bitmap, parts } : undefined);
    });
    return () => {
      gone = true;
    };
  }, [client, picture, bitmap]);

  const parts = visible && known?.bitmap === bitmap ? known?.parts : undefined;
  const nodes = grey && picture && bitmap ? storedNodes(grey.nodes, picture, bitmap, setting).map(({ value, red, green, blue }) => ({ value, grey: Math.max(red, green, blue) })) : [];
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
  const scale = scaleOf(view, bitmap, pane) * devicePixelRatio;
  const { right, down } = screenAxes(view);
  const { width, height } = imageSize(bitmap);
  context.setTransform(right[0] * scale, down[0] * scale, right[1] * scale, down[1] * scale, canvas.width / 2, canvas.height / 2);
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(image, -width / 2 - view.x, -height / 2 - view.y, width, height);
}
