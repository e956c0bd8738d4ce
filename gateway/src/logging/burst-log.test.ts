import { pino } from 'pino';
import { expect, test } from 'vitest';
import { BurstLog } from './burst-log.ts';

function makeLog(): { lines: string[]; clock: { us: number }; bursts: BurstLog } {
  const lines: string[] = [];
  const clock = { us: 1_700_000_000_000_000 };
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  return { lines, clock, bursts: new BurstLog(logger, { nowUs: () => clock.us }) };
}

test('tells a subject once a burst, and then how often it held back', () => {
  const { lines, clock, bursts } = makeLog();
  for (let index = 0; index < 5; index++) bursts.report('CREDENTIAL_REFUSED', 'porch');
  expect(lines).toHaveLength(1);
  clock.us += 10_000_000;
  bursts.report('CREDENTIAL_REFUSED', 'porch');
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ heldBack: 4 });
});

test('is not silenced by a clock that is set back', () => {
  const { lines, clock, bursts } = makeLog();
  bursts.report('CREDENTIAL_REFUSED', 'porch');
  clock.us -= 86_400_000_000;
  bursts.report('CREDENTIAL_REFUSED', 'porch');
  expect(lines).toHaveLength(2);
});

test('is not flooded by subjects that are made up', () => {
  const { lines, clock, bursts } = makeLog();
  for (let index = 0; index < 5000; index++) bursts.report('CLIENT_ID_MISMATCH', `name-${index}`);
  bursts.report('JOURNAL_LOCKED', 'another code');
  expect(lines.length).toBeLessThan(30);
  clock.us += 10_000_000;
  bursts.report('CLIENT_ID_MISMATCH', 'name');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ subject: 'name', heldBack: 4980 });
});
