import { describe, expect, test } from 'vitest';
import { checkers, runCheck } from '../../scripts/check/checkers.ts';

describe.each(checkers)('the check "$name"', ({ planted }) => {
  test.each(planted)('finds its planted error: $says', async ({ command, says }) => {
    const { passed, output } = await runCheck(command);
    expect(output).toMatch(says);
    expect(passed).toBe(false);
  });
});
