// Which page the address means. The viewer's page and everything heavy behind it is fetched when needed, or when idle.

import { lazy, Suspense, useEffect, type JSX } from 'react';
import { StudyListPage } from './study-list/study-list-page';
import { usePlace } from './place';

const loadViewer = (): Promise<{ default: typeof import('./viewer/viewer-page').ViewerPage }> =>
  import('./viewer/viewer-page').then((module) => ({ default: module.ViewerPage }));
const LazyViewerPage = lazy(loadViewer);

function warmUp(): void {
  void loadViewer();
  void import('../viewport/cornerstone/adapter');
}

export function App(): JSX.Element {
  const place = usePlace();
  const onList = place.page === 'list';
  useEffect(() => {
    if (!onList) return undefined;
    if (typeof requestIdleCallback !== 'function') {
      const timer = setTimeout(warmUp, 2000);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(warmUp, { timeout: 4000 });
    return () => cancelIdleCallback(handle);
  }, [onList]);
  if (place.page === 'list') return <StudyListPage />;
  return (
    <Suspense fallback={<div className="page-loading" aria-busy="true" />}>
      <LazyViewerPage key={place.studies.join(',')} place={place} />
    </Suspense>
  );
}
