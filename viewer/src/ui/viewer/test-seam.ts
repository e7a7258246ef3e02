// What browser tests may ask of the open viewer: where a pixel lies in the pane, and what is on screen. Reads only.

import { pixelToPane, type Point } from '../../core/view';
import type { ViewerEngine } from './viewer-engine';

export interface TestSeam {
  /** Pane coordinates of the middle of a pixel of the picture on screen. */
  pixelToPane(column: number, row: number): Point | undefined;
  summary(): { SOPInstanceUID: string; frame: number; index: number; count: number; loaded: number; source: string; playing: boolean; windowLabel: string };
}

declare global {
  interface Window {
    __isocenter?: TestSeam;
  }
}

export function exposeTestSeam({ controller, store }: ViewerEngine): () => void {
  window.__isocenter = {
    pixelToPane: (column, row) => {
      const { bitmap, view, pane } = controller.state();
      return bitmap && pixelToPane([column, row], view, bitmap, pane);
    },
    summary: () => {
      const { set, shown, index, bitmap, playing, grey } = controller.state();
      const picture = set?.pictures[shown];
      return {
        SOPInstanceUID: picture?.instance.SOPInstanceUID ?? '',
        frame: picture?.frame ?? 0,
        index,
        count: set?.pictures.length ?? 0,
        loaded: set?.pictures.filter(({ id }) => store.has(id)).length ?? 0,
        source: bitmap?.source ?? '',
        playing,
        windowLabel: grey?.label ?? '',
      };
    },
  };
  return () => {
    delete window.__isocenter;
  };
}
