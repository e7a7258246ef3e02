// Starts the page. The first rows of the study list are asked for before it is drawn.

import { createRoot } from 'react-dom/client';
import { ALL } from './core/study-filter';
import { App } from './ui/app';
import { watchVersion } from './net/offline';
import { settings } from './ui/settings';
import { createServices, ServicesProvider } from './ui/services';
import { placeNow } from './ui/place';
import { beginStudies, chosenSort } from './ui/study-list/use-studies';
import './ui/tokens.css';
import './ui/base.css';

watchVersion();
const root = document.getElementById('root');
if (root) {
  const services = createServices();
  const place = placeNow();
  const rows = place.page === 'list' ? beginStudies(services.client, place.filter ?? ALL, place.sort ?? chosenSort()) : undefined;
  void Promise.all([settings.load(), rows]).then(() =>
    createRoot(root).render(
      <ServicesProvider services={services}>
        <App />
      </ServicesProvider>,
    ),
  );
}
