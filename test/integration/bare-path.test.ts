import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { barePath } from '../services/bare-path.ts';
import { startDemo } from '../services/demo.ts';
import { eventually } from '../services/wait.ts';

const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));

test('the demo needs nothing but Node.js and git', async () => {
  const path = barePath();
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const demo = await startDemo({
    command: ['node', launcher, 'demo'],
    args: ['--duration', '5s'],
    env: { PATH: path, FIELDLINE_INFLUX_URL: '' },
  });
  onTestFinished(() => demo.interrupt());
  const { total } = await eventually('stored readings', async () => {
    const answer = await demo.ledger();
    return answer.devices.length === 3 && answer.total.stored > 0 ? answer : undefined;
  });
  expect(total.unaccounted).toBe(0);
  const { exitCode, summary } = await demo.ended;
  expect(summary?.ledger).toMatchObject({ lost: 0, refused: 0, underWay: 0, unaccounted: 0 });
  expect(summary?.ledger.stored).toBe(summary?.ledger.taken);
  expect(exitCode).toBe(0);
});
