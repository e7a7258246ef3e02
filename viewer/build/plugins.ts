// Vite plugin: writes a .gz beside every file worth it, and the notices of what is bundled.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(?:js|css|html|json|svg|txt|wasm)$/;
const LEAST = 1024;

/** The paths of all files in a folder and those below. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

export function precompress(): Plugin {
  let folder = '';
  return {
    name: 'isocenter-precompress',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      for (const path of filesBelow(folder)) {
        if (!COMPRESSIBLE.test(path) || statSync(path).size < LEAST) continue;
        const packed = gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION });
        writeFileSync(`${path}.gz`, packed);
      }
    },
  };
}

interface PackageFile {
  name: string;
  version: string;
  license?: string;
  repository?: string | { url?: string };
}

/** The folder of the package that a bundled module belongs to; undefined for the viewer's own modules. */
function packageFolder(id: string): string | undefined {
  const path = id.replace(/^\0/, '').replace(/\?.*$/, '');
  const at = path.lastIndexOf('/node_modules/');
  if (at < 0) return undefined;
  const parts = path.slice(at + '/node_modules/'.length).split('/');
  const name = parts.slice(0, parts[0]?.startsWith('@') ? 2 : 1).join('/');
  return join(path.slice(0, at), 'node_modules', name);
}

function licenceText(folder: string): string {
  const file = readdirSync(folder).find((name) => /^(?:licen[cs]e|copying)(?:\.|$|-)/i.test(name));
  return file ? readFileSync(join(folder, file), 'utf8').trim() : '';
}

const bundled = new Set<string>();

/** Notes which packages went into the bundle; must also run for the workers. */
export function collectPackages(): Plugin {
  return {
    name: 'isocenter-collect-packages',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        const ids = chunk.type === 'chunk' ? Object.keys(chunk.modules) : chunk.originalFileNames;
        for (const id of ids) {
          const folder = packageFolder(id.startsWith('/') || id.startsWith('\0') ? id : join(process.cwd(), id));
          if (folder) bundled.add(folder);
        }
      }
    },
  };
}

/** Writes THIRD_PARTY_NOTICES.txt: every package in the bundle with its licence. Fails the build where a licence is unknown. */
export function notices(allowed: ReadonlySet<string>): Plugin {
  let folder = '';
  return {
    name: 'isocenter-notices',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    writeBundle() {
      const entries = [...bundled].sort().map((path) => {
        const about = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as PackageFile;
        const licence = about.license ?? 'unknown';
        if (!allowed.has(licence)) this.error(`${about.name} has the licence ${licence}, which is not on the list of vite.config.ts`);
        return `${about.name} ${about.version}\nLicence: ${licence}\n\n${licenceText(path)}`.trimEnd();
      });
      const line = `\n\n${'-'.repeat(78)}\n\n`;
      writeFileSync(join(folder, 'THIRD_PARTY_NOTICES.txt'), `The viewer contains these packages.${line}${entries.join(line)}\n`);
    },
  };
}

