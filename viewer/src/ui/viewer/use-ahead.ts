// What is fetched once the first picture is there, before anybody asks: code of the next tools, previews, measurements.

import { useEffect } from 'react';
import type { PaneState } from '../../viewport/stack-controller';
import { warmUp, type ViewerEngine } from './viewer-engine';

/** ms after a picture is drawn: whoever asks for planes then does so within half a second. */
const LATER = 150;

export function useAhead(engine: ViewerEngine, { bitmap, set }: PaneState, studies: ReadonlySet<string>): void {
  const drawn = bitmap !== undefined && !bitmap.reduced;
  useEffect(() => {
    if (!drawn) return undefined;
    const timer = setTimeout(() => warmUp(engine), LATER);
    return () => clearTimeout(timer);
  }, [drawn, engine]);

  useEffect(() => {
    if (!drawn || !set || set.plane) return undefined;
    const timer = setTimeout(() => void engine.previews.get(set, 'thumbnail').catch(() => undefined), LATER);
    return () => clearTimeout(timer);
  }, [drawn, engine, set]);

  const shown = drawn || set?.slide === true;
  useEffect(() => {
    if (!shown) return;
    engine.drafts.open([...studies]);
    void engine.keys.open([...studies]);
  }, [shown, engine, studies]);
}
