import { expect, test } from 'vitest';
import { gatewayLogger } from './gateway-logger.ts';

function make() {
  const clock = { us: 1_700_000_000_000_000 };
  const lines: { part?: string; msg: string; heldBack?: number; n?: number }[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]),
  };
  const logger = gatewayLogger({ level: 'info', clock: { nowUs: () => clock.us }, destination });
  return { clock, lines, logger };
}

test('a cause is told a few times a burst, and then how often it was held back', () => {
  const { clock, lines, logger } = make();
  const part = logger.child({ part: 'sinks' });
  for (let n = 0; n < 100; n++) part.warn({ n }, 'The cursor was not saved');
  expect(lines.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4]);
  clock.us += 10_000_000;
  part.warn({ n: 100 }, 'The cursor was not saved');
  expect(lines.at(-1)).toMatchObject({ part: 'sinks', n: 100, heldBack: 95 });
});

test('causes and parts do not silence one another', () => {
  const { lines, logger } = make();
  for (let n = 0; n < 10; n++) logger.child({ part: 'sinks' }).warn({ n }, 'One');
  logger.child({ part: 'sinks' }).warn('Another');
  logger.child({ part: 'api' }).warn({}, 'One');
  logger.info('Text alone');
  expect(lines.slice(5).map(({ part, msg }) => [part, msg])).toEqual([
    ['sinks', 'Another'],
    ['api', 'One'],
    [undefined, 'Text alone'],
  ]);
});

test('messages that are made up cannot flood it, nor a clock that is set back silence it', () => {
  const { clock, lines, logger } = make();
  for (let n = 0; n < 5000; n++) logger.warn(`made up ${n}`);
  expect(lines.length).toBeLessThanOrEqual(1005);
  clock.us -= 3_600_000_000;
  const before = lines.length;
  logger.warn('made up 1');
  expect(lines).toHaveLength(before + 1);
});
