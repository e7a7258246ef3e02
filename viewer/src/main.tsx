// Starts the page.

import { createRoot } from 'react-dom/client';
import { App } from './ui/app';
import { watchVersion } from './net/offline';
import { settings } from './ui/settings';
import { createServices, ServicesProvider } from './ui/services';
import './ui/tokens.css';
import './ui/base.css';

watchVersion();
const root = document.getElementById('root');
if (root) {
  void settings.load().then(() =>
    createRoot(root).render(
      <ServicesProvider services={createServices()}>
        <App />
      </ServicesProvider>,
    ),
  );
}
