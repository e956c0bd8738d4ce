import { readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { scratchDirectories } from '../testing/scratch-directory.ts';
import { lockDirectory } from './directory-lock.ts';
import { realFiles } from './file-access.ts';
import { openJournal } from './open-journal.ts';
import { ownIdentity } from './process-identity.ts';

const scratch = scratchDirectories();
const own = ownIdentity();

function text(identity: Partial<typeof own>): string {
  const { pid, startTicks, bootId } = { ...own, ...identity };
  return `pid:${pid}:${startTicks}:${bootId}:0badcafe`;
}

describe('the single-writer lock', () => {
  it('refuses a second opener, naming the pid of the holder and a remedy', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory });
    await expect(openJournal({ directory })).rejects.toMatchObject({
      code: 'JOURNAL_LOCKED',
      detail: `Process ${process.pid} holds it.`,
      remedy: expect.stringContaining('Stop that process') as string,
    });
    await journal.close();
    await (await openJournal({ directory })).close();
  });

  it('is refused to another process too', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory });
    const script = `import { openJournal } from ${JSON.stringify(join(import.meta.dirname, '../index.ts'))};
      openJournal({ directory: ${JSON.stringify(directory)} }).catch((cause) => console.log(cause.code, cause.detail));`;
    const child = spawn('node', ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = (await once(child.stdout, 'data')) as [Buffer];
    expect(output.toString().trim()).toBe(`JOURNAL_LOCKED Process ${process.pid} holds it.`);
    await journal.close();
  });

  it.each([
    ['a process that is gone', text({ pid: 2 ** 22 + 1 })],
    ['a process whose pid was given out again', text({ startTicks: '1' })],
    ['a process of another boot', text({ bootId: '00000000' })],
    ['something that is no lock', 'nonsense'],
  ])('is taken over from %s', async (_, stale) => {
    const directory = await scratch();
    await symlink(stale, join(directory, 'lock'));
    const journal = await openJournal({ directory });
    expect(journal.recovery.closedCleanly).toBe(false);
    await expect(openJournal({ directory })).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' });
    await journal.close();
  });

  it('is taken over even after a crash in the middle of a takeover', async () => {
    const directory = await scratch();
    const stale = text({ pid: 2 ** 22 + 1 });
    await symlink(stale, join(directory, 'lock'));
    await symlink(stale, join(directory, 'lock.takeover'));
    const lock = await lockDirectory(realFiles, directory);
    expect(await readlink(join(directory, 'lock'))).toContain(`pid:${process.pid}:`);
    await expect(readlink(join(directory, 'lock.takeover'))).rejects.toMatchObject({ code: 'ENOENT' });
    await lock.release();
  });

  it('goes to one of many who take it over at once', async () => {
    const directory = await scratch();
    await symlink(text({ pid: 2 ** 22 + 1 }), join(directory, 'lock'));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => lockDirectory(realFiles, directory)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
