import { docstrings } from './docstrings.ts';
import { errorNumbers, errorUse } from './error-codes.ts';
import { listedDecisions, pageLinks } from './links.ts';
import { emptyNames, fileNames } from './names.ts';
import { exactVersions, installScripts, packageLicences } from './packages.ts';
import { privatePaths } from './places.ts';
import { documentedRoutes } from './routes.ts';
import { fileLengths, functionLengths } from './sizes.ts';
import type { Problem, TreeFile } from './tree.ts';

/** One rule of the house that no linter knows. */
export interface TidyRule {
  /** What holds when it finds nothing. */
  readonly name: string;
  readonly find: (files: readonly TreeFile[]) => Problem[];
}

/** Every tidy rule, in the order in which they are reported. */
export const tidyRules: readonly TidyRule[] = [
  { name: 'files are short', find: fileLengths },
  { name: 'functions are short', find: functionLengths },
  { name: 'files are named in the case of their kind', find: fileNames },
  { name: 'no name says nothing', find: emptyNames },
  { name: 'everything exported has a docstring', find: docstrings },
  { name: 'error numbers are unique and in the range of their stage', find: errorNumbers },
  { name: 'error codes exist and are used', find: errorUse },
  { name: 'dependencies name exact versions', find: exactVersions },
  { name: 'no dependency needs an install script', find: installScripts },
  { name: 'every package has a licence that we may pass on', find: packageLicences },
  { name: 'the HTTP page and the routes agree', find: documentedRoutes },
  { name: 'links between pages lead somewhere', find: pageLinks },
  { name: 'decisions are listed', find: listedDecisions },
  { name: 'no path of a developer machine', find: privatePaths },
];
