// Which page the address means. The viewer's page and everything heavy behind it is fetched when needed, or when
// the study list is there and nothing else is to be done.
// Local files may be dropped on every page; their studies are shown by the viewer with a client that asks no archive.

import { lazy, Suspense, useCallback, useEffect, useMemo, useState, type JSX } from 'react';
import type { ViewerPlace } from '../core/deep-link';
import { ConnectionNote } from './parts/connection-note';
import { ErrorBoundary } from './parts/error-boundary';
import { VersionNote } from './parts/version-note';
import { DropTarget } from './parts/drop-target';
import { StudyListPage } from './study-list/study-list-page';
import { patient } from '../net/patient';
import { navigate, usePlace } from './place';
import { ServicesProvider, useServices } from './services';

const loadViewer = (): Promise<{ default: typeof import('./viewer/viewer-page').ViewerPage }> =>
  import('./viewer/viewer-page').then((module) => ({ default: module.ViewerPage }));
const LazyViewerPage = lazy(patient(loadViewer));
const LazyInvokedPage = lazy(patient(() => import('./invoked-page').then((module) => ({ default: module.InvokedPage }))));

function warmUp(): void {
  for (const code of [loadViewer(), import('../viewport/cornerstone/adapter')]) code.catch(() => undefined);
}

export function App(): JSX.Element {
  const place = usePlace();
  const onList = place.page === 'list';
  const [listed, setListed] = useState(false);
  const onListed = useCallback(() => setListed(true), []);
  useEffect(() => {
    if (!onList || !listed) return undefined;
    if (typeof requestIdleCallback !== 'function') {
      const timer = setTimeout(warmUp, 2000);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(warmUp, { timeout: 4000 });
    return () => cancelIdleCallback(handle);
  }, [onList, listed]);
  return (
    <>
      <ErrorBoundary>{place.page === 'list' ? <StudyListPage order={place.sort} narrowed={place.filter} onListed={onListed} /> : place.page === 'invoked' ? <Invoked /> : place.local ? <LocalViewer place={place} /> : <Viewer place={place} />}</ErrorBoundary>
      <DropTarget storing={onList} />
      {place.page === 'viewer' && place.local ? null : <ConnectionNote />}
      <VersionNote />
    </>
  );
}

function Viewer({ place }: { place: ViewerPlace }): JSX.Element {
  return (
    <Suspense fallback={<div className="page-loading" aria-busy="true" />}>
      <LazyViewerPage key={place.studies.join(',')} place={place} />
    </Suspense>
  );
}

function Invoked(): JSX.Element {
  return (
    <Suspense fallback={<div className="page-loading" aria-busy="true" />}>
      <LazyInvokedPage />
    </Suspense>
  );
}

/** After a reload the files are not open any more: the list says so. */
function LocalViewer({ place }: { place: ViewerPlace }): JSX.Element {
  const { queue, local, uploads } = useServices();
  const { client } = local;
  const services = useMemo(() => client && { client, queue, local, uploads }, [client, queue, local, uploads]);
  useEffect(() => {
    if (services) return;
    local.forget();
    navigate({ page: 'list' }, true);
  }, [services, local]);
  return services ? (
    <ServicesProvider services={services}>
      <Viewer place={place} />
    </ServicesProvider>
  ) : (
    <div className="page-loading" aria-busy="true" />
  );
}
