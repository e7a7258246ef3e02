// What browser tests may ask of the open viewer: where a pixel lies in the pane, and what is on screen. Reads only.

import { planeOf, toPatient } from '../../core/plane';
import type { Vector } from '../../core/geometry';
import { pixelToPane, type Point } from '../../core/view';
import type { StackController } from '../../viewport/stack-controller';
import type { SlideSession } from '../../viewport/slide/session';
import type { ViewerEngine } from './viewer-engine';

export interface TestSeam {
  /** Pane coordinates of the middle of a pixel of the picture on screen; of the active pane unless one is named. */
  pixelToPane(column: number, row: number, cell?: number): Point | undefined;
  /** Where that pixel lies in the patient, LPS mm. */
  pixelToPatient(column: number, row: number, cell?: number): Vector | undefined;
  /** The pictures of the series on screen, in the order in which they are shown. */
  order(cell?: number): { SOPInstanceUID: string; frame: number }[];
  /** The picture on screen in its own size, with what the file lays over it: a PNG as a data URL. */
  drawn(cell?: number): Promise<string>;
  /** In 3D: where a place in the patient is, in parts of the canvas; and what a frame took while it was moved. */
  volume(place: Vector): { at: Point | undefined; frame: number; scale: number } | undefined;
  /** Structures drawn on the picture: pixels inside, closed lines, open ones. */
  structures(cell?: number): { id: string; pixels: number; rings: number; open: number }[];
  /** Of an open slide: where a pixel of its finest level lies in the pane. */
  slide?(column: number, row: number): Point;
  summary(cell?: number): { SOPInstanceUID: string; frame: number; index: number; count: number; loaded: number; source: string; playing: boolean; windowLabel: string; pictureId: string; columns: number; rows: number; held: number };
}

declare global {
  interface Window {
    __isocenter?: TestSeam;
  }
}

export function exposeSlide(session: SlideSession): () => void {
  if (window.__isocenter) window.__isocenter.slide = session.pixelToPane;
  return () => {
    if (window.__isocenter?.slide === session.pixelToPane) delete window.__isocenter.slide;
  };
}

export function exposeTestSeam({ workspace, sources, store, volume3d, structures, client }: ViewerEngine): () => void {
  const of = (cell?: number): StackController => (cell === undefined ? workspace.active : (workspace.state().cells[cell]?.controller ?? workspace.active));
  window.__isocenter = {
    pixelToPane: (column, row, cell) => {
      const { bitmap, view, pane } = of(cell).state();
      return bitmap && pixelToPane([column, row], view, bitmap, pane);
    },
    pixelToPatient: (column, row, cell) => {
      const { set, shown } = of(cell).state();
      const plane = planeOf(set?.pictures[shown]);
      return plane && toPatient(plane, [column, row]);
    },
    order: (cell) => (of(cell).state().set?.pictures ?? []).map(({ instance, frame }) => ({ SOPInstanceUID: instance.SOPInstanceUID, frame })),
    drawn: async (cell) => {
      const { drawnPicture } = await import('../../viewport/export/pane-picture');
      return (await drawnPicture(of(cell).state(), client))?.toDataURL() ?? '';
    },
    volume: (place) => {
      const session = volume3d.state();
      const canvas = document.querySelector('.volume-canvas');
      return session && canvas ? { at: session.onCanvas(place, canvas.clientWidth / canvas.clientHeight), ...session.speed } : undefined;
    },
    structures: (cell) => {
      const { set, shown } = of(cell).state();
      const layers = structures.state()?.layers(set?.pictures[shown])?.structures ?? [];
      return layers.map(({ id, mask, rings, open }) => ({ id, pixels: mask?.reduce((sum, value) => sum + (value >= 128 ? 1 : 0), 0) ?? 0, rings: rings?.length ?? 0, open: open?.length ?? 0 }));
    },
    summary: (cell) => {
      const { set, shown, index, bitmap, playing, grey } = of(cell).state();
      const picture = set?.pictures[shown];
      return {
        SOPInstanceUID: picture?.instance.SOPInstanceUID ?? '',
        frame: picture?.frame ?? 0,
        index,
        count: set?.pictures.length ?? 0,
        loaded: set?.pictures.filter(({ id }) => sources.has(id)).length ?? 0,
        source: bitmap?.source ?? '',
        playing,
        windowLabel: grey?.label ?? '',
        pictureId: picture?.id ?? '',
        columns: bitmap?.columns ?? 0,
        rows: bitmap?.rows ?? 0,
        held: store.bytes,
      };
    },
  };
  return () => {
    delete window.__isocenter;
  };
}
