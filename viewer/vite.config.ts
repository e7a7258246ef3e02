import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { offline } from './build/offline';
import { collectPackages, notices, precompress } from './build/plugins';

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Licences that may go into the bundle. */
const LICENCES = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', '(MIT AND Zlib)', '(WTFPL OR MIT)']);

export default defineConfig({
  // Relative: a proxy may show the archive below a path.
  base: './',
  plugins: [react(), collectPackages(), notices(LICENCES), offline(local('./src/offline/service-worker.ts')), precompress()],
  worker: { format: 'es', plugins: () => [collectPackages()] },
  resolve: {
    // Parts of libraries that the viewer never reaches; each file says why.
    alias: [
      { find: /^xmlbuilder2$/, replacement: local('./src/shims/xmlbuilder2.ts') },
      { find: /^dcmjs$/, replacement: local('./src/shims/dcmjs.ts') },
      { find: /^@cornerstonejs\/metadata$/, replacement: local('./src/shims/cornerstone-metadata.ts') },
    ],
  },
  build: {
    target: 'es2022',
    outDir: local('../src/isocenter/web/static'),
    emptyOutDir: true,
    sourcemap: false,
    chunkSizeWarningLimit: 4000,
    // What the page begins with is one script, also where later ones share it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'index', tags: ['$initial'] }] } } },
  },
  server: { proxy: { '/dicom-web': 'http://127.0.0.1:8080', '/api': 'http://127.0.0.1:8080' } },
});
