import type { Problem, TreeFile } from './tree.ts';

/**
 * Packages that declare an install script and work without running it: each ships its binaries for the
 * platforms that we support, and npm does not run such scripts by default.
 */
export const installScriptsAllowed: readonly string[] = [
  'node_modules/@serialport/bindings-cpp',
  'node_modules/cbor-extract',
  'node_modules/esbuild',
  'node_modules/fsevents',
];

const exactVersion = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Every dependency names one version, so that a clone of next year builds what was tested. */
export function exactVersions(files: readonly TreeFile[]): Problem[] {
  return files
    .filter(({ path }) => /^([^/]+\/)?package\.json$/.test(path))
    .flatMap(({ path, text }) => {
      const manifest = JSON.parse(text) as Record<string, unknown>;
      const groups = ['dependencies', 'devDependencies', 'optionalDependencies'];
      return groups
        .flatMap((group) => Object.entries((manifest[group] ?? {}) as Record<string, string>))
        .filter(([, version]) => !exactVersion.test(version))
        .map(([name, version]) => ({ path, message: `${name}: "${version}" is not one exact version` }));
    });
}

/** No dependency needs a script to be installed. */
export function installScripts(files: readonly TreeFile[], allowed = installScriptsAllowed): Problem[] {
  const lock = files.find(({ path }) => path === 'package-lock.json');
  if (!lock) return [];
  const { packages } = JSON.parse(lock.text) as { packages: Record<string, { hasInstallScript?: boolean }> };
  return Object.entries(packages)
    .filter(([path, entry]) => entry.hasInstallScript === true && !allowed.includes(path))
    .map(([path]) => ({ path: 'package-lock.json', message: `${path} has an install script` }));
}
