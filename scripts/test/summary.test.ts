import { describe, expect, test } from 'vitest';
import { countTests, summarize, type VitestReport } from './summary.ts';

const report: VitestReport = {
  testResults: [
    {
      name: '/repo/a.test.ts',
      status: 'failed',
      assertionResults: [
        { fullName: 'a adds', status: 'passed' },
        { fullName: 'a subtracts', status: 'failed' },
        { fullName: 'a multiplies', status: 'todo' },
      ],
    },
    {
      name: '/repo/influx.test.ts',
      status: 'passed',
      assertionResults: [{ fullName: 'stores points', status: 'skipped' }],
    },
    { name: '/repo/broken.test.ts', status: 'failed', assertionResults: [] },
  ],
};
const notes = [
  { program: 'influxd', install: 'apt-get install influxdb', testFile: '/repo/influx.test.ts' },
  { program: 'influxd', install: 'apt-get install influxdb', testFile: '/repo/influx.test.ts' },
];

describe('summary of a test run', () => {
  test('counts a file that did not load as a failure', () => {
    expect(countTests(report)).toEqual({ passed: 1, failed: 2, skipped: 2 });
  });

  test('names what was skipped and what would install it, and ends with the plain counts', () => {
    expect(summarize({ report, notes }, '/repo').split('\n')).toEqual([
      'Skipped, for another reason (long tests: npm run test:long; whole devices: npm run test:device):',
      '  a.test.ts: a multiplies',
      '',
      'Skipped, for want of influxd (install with: apt-get install influxdb):',
      '  influx.test.ts: stores points',
      '',
      'Failed:',
      '  a.test.ts: a subtracts',
      '  broken.test.ts: did not load',
      '',
      '1 passed, 2 failed, 2 skipped',
    ]);
  });
});
