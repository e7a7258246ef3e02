// The place in the stack, with what is loaded; draggable.

import { useEffect, useState, type JSX, type PointerEvent } from 'react';
import { t } from '../../core/language';
import { loadedRuns } from '../../core/loading-order';
import type { PictureStore } from '../../viewport/picture-store';
import type { PaneState, StackController } from '../../viewport/stack-controller';

/** What the pictures of a set follow. */
const nameOf = (set: PaneState['set']): string => (set?.plane === 'straightened' ? t('Turn about the path in degrees') : set?.plane === 'section' ? t('Place along the path') : t('Image'));

export function FrameSlider({ state, store, controller }: { state: PaneState; store: PictureStore; controller: StackController }): JSX.Element | null {
  const { set, index } = state;
  const count = set?.pictures.length ?? 0;
  const runs = useLoadedRuns(set, store);
  if (count < 2) return null;
  const toIndex = (event: PointerEvent<HTMLDivElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.round(((event.clientY - box.top - 8) / Math.max(1, box.height - 16)) * (count - 1));
  };
  const percent = (at: number): string => `${(at / count) * 100}%`;
  return (
    <div
      className="slider"
      role="slider"
      aria-label={nameOf(set)}
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuemax={count}
      aria-valuenow={index + 1}
      tabIndex={-1}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        controller.pause();
        controller.goTo(toIndex(event));
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) controller.goTo(toIndex(event));
      }}
    >
      <div className="slider-track">
        {runs.map(([first, last]) => (
          <span key={first} className="slider-loaded" style={{ top: percent(first), height: percent(last - first + 1) }} />
        ))}
        <span className="slider-thumb" style={{ top: `${(index / (count - 1)) * 100}%` }} />
      </div>
    </div>
  );
}

function useLoadedRuns(set: PaneState['set'], store: PictureStore): [number, number][] {
  const [runs, setRuns] = useState<[number, number][]>([]);
  useEffect(() => {
    let scheduled = 0;
    const refresh = (): void => {
      scheduled = 0;
      setRuns(loadedRuns((set?.pictures ?? []).map(({ id }) => store.has(id))));
    };
    const later = (): void => {
      scheduled ||= requestAnimationFrame(refresh);
    };
    later();
    const end = store.changed.listen(later);
    return () => {
      end();
      cancelAnimationFrame(scheduled);
    };
  }, [set, store]);
  return runs;
}
