import type { Problem, TreeFile } from './tree.ts';

/**
 * Packages that declare an install script and work without running it: each ships its binaries for the
 * platforms that we support or does without, and `.npmrc` keeps npm from running such scripts.
 */
export const installScriptsAllowed: readonly string[] = [
  'node_modules/@serialport/bindings-cpp',
  'node_modules/cbor-extract',
  // Looks up features of the processor for ssh2, which does without it.
  'node_modules/cpu-features',
  'node_modules/esbuild',
  'node_modules/fsevents',
  // Its faster ciphers need a compiler; without them it uses those of Node.js.
  'node_modules/ssh2',
];

/** Licences that ask for no more than a notice. */
export const licences: readonly string[] = [
  'MIT',
  'ISC',
  'Apache-2.0',
  '(Apache-2.0 AND BSD-3-Clause)',
  'BSD-1-Clause',
  'BSD-2-Clause',
  'MIT-0',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'OFL-1.1',
  'Unlicense',
];

/** What tools that are not shipped may have besides: MPL-2.0 binds changes to their own files only. */
const toolLicences: readonly string[] = ['MPL-2.0'];

/** Packages whose manifest names no licence, with the one that their licence file gives. */
export const licenceOf: Readonly<Record<string, string>> = {
  'node_modules/buildcheck': 'MIT',
  'node_modules/cpu-features': 'MIT',
  'node_modules/ssh2': 'MIT',
  'node_modules/svelte-toolbelt': 'MIT',
};

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
  return lockedPackages(files)
    .filter(([path, entry]) => entry.hasInstallScript === true && !allowed.includes(path))
    .map(([path]) => ({ path: 'package-lock.json', message: `${path} has an install script` }));
}

/** Every package has a licence that we may pass on. */
export function packageLicences(files: readonly TreeFile[]): Problem[] {
  return lockedPackages(files)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .map(([path, { license, dev }]) => ({ path, licence: license ?? licenceOf[path] ?? 'none', dev }))
    .filter(
      ({ licence, dev }) => !licences.includes(licence) && !(dev === true && toolLicences.includes(licence)),
    )
    .map(({ path, licence }) => ({
      path: 'package-lock.json',
      message: `${path} has the licence "${licence}"`,
    }));
}

/** What npm writes of one package into the lock file. */
interface LockedPackage {
  readonly hasInstallScript?: boolean;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

function lockedPackages(files: readonly TreeFile[]): [string, LockedPackage][] {
  const lock = files.find(({ path }) => path === 'package-lock.json');
  if (!lock) return [];
  const { packages } = JSON.parse(lock.text) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages);
}
