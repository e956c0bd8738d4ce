import { defineConfig, globalIgnores } from 'eslint/config';
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { importDirection } from './scripts/lint/import-direction.ts';

const fieldline = { rules: { 'import-direction': importDirection } };
const parserOptions = {
  projectService: true,
  tsconfigRootDir: import.meta.dirname,
  extraFileExtensions: ['.svelte'],
};

/** House rules beyond the presets; each is an error, since a warning is read by nobody. */
const houseRules = {
  'fieldline/import-direction': 'error',
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-console': 'error',
  'object-shorthand': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
  ],
  '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
  // `a[i]!` is for hot loops over columns whose length is known; everything else checks.
  '@typescript-eslint/no-non-null-assertion': 'off',
  'no-restricted-syntax': [
    'error',
    {
      selector: 'TSNonNullExpression:not([expression.type="MemberExpression"][expression.computed=true])',
      message:
        'Check for null instead; only an element of a column of known length (a[i]!) may go unchecked.',
    },
  ],
  // Off: returning the void of a call is a common way to say "and then nothing else".
  '@typescript-eslint/no-confusing-void-expression': 'off',
  // Off: hot loops over columns count on purpose.
  '@typescript-eslint/prefer-for-of': 'off',
  // Off: half of the linter's time for what the compiler's private fields (`#x`) already make nominal.
  '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
  // Off: this house has no enums (`erasableSyntaxOnly`).
  '@typescript-eslint/no-unsafe-enum-assignment': 'off',
  // Off: an `async` function without `await` turns a throw into a rejection, as its interface promises.
  '@typescript-eslint/require-await': 'off',
  // Off: `process.env['NAME']` is required by the compiler's own option where it is on, and harmless elsewhere.
  '@typescript-eslint/dot-notation': 'off',
};

/** In shipped code: errors have codes, and time is injected. */
const shippedRules = {
  'no-restricted-syntax': [
    ...houseRules['no-restricted-syntax'],
    {
      selector: 'ThrowStatement > NewExpression[callee.name="Error"]',
      message: 'Throw a FieldlineError with a code of the registry, or return a Result.',
    },
    {
      selector: 'CallExpression[callee.object.name="Math"][callee.property.name="random"]',
      message:
        'Take randomness from outside (a seeded generator, node:crypto), so that runs can be repeated.',
    },
  ],
};

const workspaces = '{protocol,journal,edge,gateway,simulators,provision,cli}';
/** Tests, and what only tests use. */
const testFiles = ['**/*.test.ts', '**/src/testing/**/*.ts', 'test/**/*.ts'];

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', 'scripts/planted/', 'coverage/']),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  svelte.configs.recommended,
  svelte.configs.prettier,
  {
    plugins: { fieldline },
    languageOptions: { parserOptions },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: houseRules,
  },
  { files: ['**/*.ts', '**/*.js'], languageOptions: { globals: globals.node } },
  {
    files: ['dashboard/{src,public}/**/*.{ts,js,svelte}'],
    languageOptions: { globals: globals.browser },
  },
  { files: [`${workspaces}/src/**/*.ts`], ignores: testFiles, rules: shippedRules },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // The compiler knows runes and browser types better.
      'no-undef': 'off',
      // `void nowUs` makes an expression depend on the passing of time.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // Collections are replaced whole ($state.raw), and many are not state at all.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    // Expectations read whatever came back; the matcher checks its shape.
    files: testFiles,
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  { files: ['cli/**', 'scripts/**', 'test/bench/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
