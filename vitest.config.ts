import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/dist/**', 'scripts/planted/**'];

/**
 * Three groups, one after another, for a machine with two cores: unit tests run beside one another; whatever
 * starts processes, brokers or browsers has the machine to itself. Forks, not threads: serialport and
 * node-pty are native.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // A loaded machine is slow, not wrong: events are waited for, and only a hang fails.
    expect: { poll: { timeout: 15_000 } },
    // A forgotten `.only` would skip the rest and look green.
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/{tidy,services,contract,bench,integration}/**/*.test.ts'],
          exclude,
          testTimeout: 90_000,
          hookTimeout: 90_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/{e2e,faults,device}/**/*.test.ts'],
          exclude,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
