// A lens at the pointer: the image itself larger, in its window and colours, without what lies over it. Takes no pointer events.

import { useEffect, useMemo, useRef, type JSX } from 'react';
import { storedNodes } from '../../core/display';
import { drawable } from '../../core/reduced';
import { paneToImage, type Point } from '../../core/view';
import { develop, place } from '../../viewport/canvas/drawing';
import type { PaneState } from '../../viewport/stack-controller';

/** CSS pixels across, and how much larger than around it. */
const [SIZE, FACTOR] = [220, 2.5];

export function Magnifier({ state, at }: { state: PaneState; at: Point }): JSX.Element {
  const { set, shown, bitmap, grey, setting, view, pane, smooth } = state;
  const lens = useRef<HTMLCanvasElement>(null);
  const picture = set?.pictures[shown];
  const developed = useMemo(() => {
    if (!bitmap || !picture) return undefined;
    const image = document.createElement('canvas');
    develop(drawable(bitmap), grey ? storedNodes(grey.nodes, picture, bitmap, setting) : [], image);
    return image;
  }, [bitmap, picture, grey, setting]);
  useEffect(() => {
    const context = lens.current?.getContext('2d', { alpha: false });
    if (!context || !developed || !bitmap) return;
    const { canvas } = context;
    canvas.width = canvas.height = Math.round(SIZE * devicePixelRatio);
    const [x, y] = paneToImage(at, view, bitmap, pane);
    place(context, developed, drawable(bitmap), { ...view, zoom: view.zoom * FACTOR, x, y }, pane, devicePixelRatio, smooth);
  }, [developed, bitmap, view, pane, smooth, at]);
  return (
    <div className="magnifier" style={{ width: SIZE, height: SIZE, left: at[0] - SIZE / 2, top: at[1] - SIZE / 2 }} aria-hidden="true" data-testid="magnifier">
      <canvas ref={lens} />
    </div>
  );
}
