import { expect, test } from 'vitest';
import { agentWords } from './agent-words.ts';

test('gives the warnings of an agent and what its program says, newest last, and no chatter', () => {
  const lines = [
    '(node:7) [DEP0169] DeprecationWarning: `url.parse()` is old.',
    '(Use `node --trace-deprecation ...` to show where the warning was created)',
    '{"level":30,"msg":"agent started"}',
    '{"level":40,"code":"UPLINK_CLAIM_FAILED","msg":"It was traded already. [UPLINK_CLAIM_FAILED]"}',
    '{"level":40,"code":"UPLINK_CLAIM_FAILED","msg":"It was traded already. [UPLINK_CLAIM_FAILED]"}',
    'Error: Cannot find module',
    '',
  ];
  expect(agentWords(lines)).toBe('It was traded already. [UPLINK_CLAIM_FAILED] / Error: Cannot find module');
  expect(agentWords(['{"level":30,"msg":"agent started"}'])).toBe('');
});

test('keeps to three lines of 300 characters', () => {
  const lines = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(1000));
  expect(agentWords(lines)).toBe(['b', 'c', 'd'].map((letter) => `${letter.repeat(300)}…`).join(' / '));
});
