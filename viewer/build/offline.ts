// Vite plugin: writes sw.js, the service worker with the list of the built files and their digests.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build as compile, type Plugin, type Rolldown } from 'vite';
import { filesBelow } from './plugins';

const KEPT = /\.(?:html|js|css|wasm|webmanifest|png|svg)$/;
const NAME = 'sw.js';

function listed(folder: string): Record<string, string> {
  const kept = filesBelow(folder).filter((path) => KEPT.test(path) && relative(folder, path) !== NAME);
  const digest = (path: string): string => `sha256-${createHash('sha256').update(readFileSync(path)).digest('base64')}`;
  return Object.fromEntries(kept.map((path) => [relative(folder, path).split(sep).join('/'), digest(path)]).sort());
}

/** `source` is the service worker's own file. */
export function offline(source: string): Plugin {
  let folder = '';
  return {
    name: 'isocenter-offline',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    writeBundle: {
      order: 'post',
      async handler() {
        const files = listed(folder);
        const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
        const made = (await compile({
          configFile: false,
          publicDir: false,
          logLevel: 'warn',
          define: { __BUILD__: JSON.stringify({ version, files }) },
          build: { write: false, target: 'es2022', rolldownOptions: { input: source, output: { format: 'iife' } }, modulePreload: false },
        })) as Rolldown.RolldownOutput;
        writeFileSync(join(folder, NAME), made.output[0].code);
      },
    },
  };
}
