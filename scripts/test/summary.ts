import type { SkipNote } from '../../test/services/skips.ts';

/** What the end of a test run is told from: vitest's own report and the notes of `requireProgram`. */
export interface TestRun {
  readonly report: VitestReport;
  readonly notes: readonly SkipNote[];
}

/** The part of vitest's JSON report that the summary reads. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: 'passed' | 'failed';
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled';
    }[];
  }[];
}

/** Tests by outcome. A file that could not even be loaded counts as one failed test. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts the tests of a report. */
export function countTests(report: VitestReport): TestCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const outcomes = file.assertionResults.map(({ status }) => status);
    counts.passed += outcomes.filter((status) => status === 'passed').length;
    counts.skipped += outcomes.filter((status) => status !== 'passed' && status !== 'failed').length;
    const failed = outcomes.filter((status) => status === 'failed').length;
    counts.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
  }
  return counts;
}

/**
 * The closing lines of a run: each skipped test by name under the program that it waits for and the command
 * that installs it, the failed ones by name, and last `N passed, N failed, N skipped`.
 */
export function summarize({ report, notes }: TestRun, root: string): string {
  const lines = [...skippedLines(report, notes, root), ...failedLines(report, root)];
  const { passed, failed, skipped } = countTests(report);
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n');
}

function failedLines(report: VitestReport, root: string): string[] {
  const lines = report.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length > 0) return failed.map((test) => `  ${within(root, file.name)}: ${test.fullName}`);
    return file.status === 'failed' ? [`  ${within(root, file.name)}: did not load`] : [];
  });
  return lines.length > 0 ? ['Failed:', ...lines, ''] : [];
}

function skippedLines(report: VitestReport, notes: readonly SkipNote[], root: string): string[] {
  const groups = new Map<string, string[]>();
  for (const file of report.testResults) {
    const skipped = file.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
    if (skipped.length === 0) continue;
    const reason = reasonOf(file.name, notes);
    const names = skipped.map((test) => `  ${within(root, file.name)}: ${test.fullName}`);
    groups.set(reason, [...(groups.get(reason) ?? []), ...names]);
  }
  return [...groups].flatMap(([reason, names]) => [`Skipped, ${reason}:`, ...names, '']);
}

function reasonOf(testFile: string, notes: readonly SkipNote[]): string {
  const needed = notes.filter((note) => note.testFile === testFile);
  if (needed.length === 0)
    return 'for another reason (long tests: npm run test:long; whole devices: npm run test:device)';
  const programs = [...new Set(needed.map(({ program }) => program))].join(', ');
  const installs = [...new Set(needed.map(({ install }) => install))].join(' && ');
  return `for want of ${programs} (install with: ${installs})`;
}

function within(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}
