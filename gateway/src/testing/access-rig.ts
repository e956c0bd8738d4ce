import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Access } from '../access/access.ts';
import { openAccessDatabase } from '../access/access-database.ts';
import { systemClock, type Clock } from '../clock.ts';

/** Access over a database of its own, as the parts of a gateway share it. */
export interface AccessRig {
  readonly access: Access;
  /** The same database, read anew, as after a restart. */
  reopen(): Access;
  end(): void;
}

/** The token of the administrator in tests. */
export const testAdminToken = 'the-token-of-the-administrator-in-tests';

const limits = {
  users: 3,
  tokens: 3,
  sessions: { sessions: 4, ageUs: 3_600_000_000 },
  audit: { rows: 100, ageUs: 86_400_000_000 },
};

/** Makes one; `sessionAgeUs` and `clock` as the test wants them. */
export function accessRig(options: { clock?: Clock; sessionAgeUs?: number } = {}): AccessRig {
  const { clock = systemClock, sessionAgeUs = limits.sessions.ageUs } = options;
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-access-'));
  const database = openAccessDatabase(join(folder, 'access.db'));
  const sessions = { ...limits.sessions, ageUs: sessionAgeUs };
  const open = (): Access =>
    new Access(database, { adminToken: testAdminToken, clock, limits: { ...limits, sessions } });
  return {
    access: open(),
    reopen: open,
    end: () => {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
