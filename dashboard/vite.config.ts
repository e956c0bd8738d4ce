import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Where `npm run dev` finds a gateway; the built dashboard talks to the origin that served it. */
const developmentGateway = process.env['FIELDLINE_GATEWAY'] ?? 'http://127.0.0.1:8080';

/** One place of a lock file (version 3). */
interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** What ships, with its licences, from the lock file: the module `virtual:licences`. */
function licences(): Plugin {
  const id = 'virtual:licences';
  return {
    name: 'licences',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (found) => (found === `\0${id}` ? `export const licences = ${shippedPackages()};` : undefined),
  };
}

/** As JSON, by name; a package that stands in several places of the tree is there once. */
function shippedPackages(): string {
  const lockText = readFileSync(join(import.meta.dirname, '..', 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lockText) as { packages: Record<string, LockedPackage> };
  const shipped = new Map<string, { name: string; version: string; licence: string | undefined }>();
  for (const [path, { version = '', license, dev, link }] of Object.entries(packages)) {
    const name = path.split('node_modules/').at(-1) ?? '';
    if (!path.includes('node_modules/') || dev || link) continue;
    shipped.set(`${name}@${version}`, { name, version, licence: license });
  }
  return JSON.stringify([...shipped.values()].toSorted((a, b) => a.name.localeCompare(b.name)));
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte(), licences()],
  build: {
    target: 'es2022',
    // Inlined assets would be `data:` URLs, which the content security policy does not allow.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 250,
  },
  server: {
    proxy: { '/api': { target: developmentGateway, ws: true, changeOrigin: true } },
  },
});
