import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessRig, testAdminToken, type AccessRig } from '../testing/access-rig.ts';
import type { Evidence } from './access.ts';
import type { AuditFilter } from './audit-log.ts';

let rig: AccessRig;
let nowUs = 0;
const clock = { nowUs: () => nowUs };

beforeEach(() => {
  nowUs = 1_800_000_000_000_000;
  rig = accessRig({ clock });
});
afterEach(() => rig.end());

const by = (evidence: Partial<Evidence>) =>
  rig.access.identify({ bearer: undefined, session: undefined, isLocal: true, ...evidence });

/** A user for whom no password is verified: the hash is no test's subject here. */
async function addAda(): Promise<void> {
  expect((await rig.access.users.add('ada', 'operator', 'four plain words here')).ok).toBe(true);
}

describe('before anybody is added', () => {
  test('this machine reads, others do not, and nobody changes anything', () => {
    expect(by({})).toMatchObject({ name: 'anonymous', role: 'viewer', via: 'nobody' });
    expect(by({ isLocal: false }).role).toBeUndefined();
    // A token of another gateway, as the command line may send it, takes nothing away.
    expect(by({ bearer: 'another' }).role).toBe('viewer');
  });

  test('the one-time link opens one session, once, until somebody is added', async () => {
    const path = rig.access.newSignInPath() ?? '';
    const secret = path.replace('/signin/', '');
    expect(rig.access.useLink('x'.repeat(43))).toBeUndefined();
    const opened = rig.access.useLink(secret);
    expect(by({ session: opened?.secret ?? '', isLocal: false })).toMatchObject({
      name: 'setup',
      role: 'admin',
    });
    expect(rig.access.useLink(secret)).toBeUndefined();
    await addAda();
    expect(by({ session: opened?.secret ?? '' }).role).toBeUndefined();
    expect(rig.access.newSignInPath()).toBeUndefined();
  });

  test('a link that was made before the first user is worth nothing after', async () => {
    const secret = (rig.access.newSignInPath() ?? '').replace('/signin/', '');
    await addAda();
    expect(rig.access.useLink(secret)).toBeUndefined();
  });
});

describe('with users', () => {
  beforeEach(addAda);

  test('nobody reads without signing in, and the administrator’s token still works', () => {
    expect(by({}).role).toBeUndefined();
    expect(by({ bearer: testAdminToken, isLocal: false })).toMatchObject({
      role: 'admin',
      via: 'admin-token',
    });
    expect(by({ bearer: `${testAdminToken}x` }).role).toBeUndefined();
  });

  test('a session is its user’s, survives a restart, and ends by age, removal and revocation', () => {
    const { secret } = rig.access.sessions.open('ada');
    expect(by({ session: secret })).toMatchObject({ name: 'ada', role: 'operator', via: 'session' });
    expect(rig.reopen().identify({ bearer: undefined, session: secret, isLocal: false }).name).toBe('ada');
    nowUs += 3_600_000_000;
    expect(by({ session: secret }).role).toBeUndefined();
    const second = rig.access.sessions.open('ada').secret;
    rig.access.sessions.end(({ user }) => user === 'ada');
    expect(by({ session: second }).role).toBeUndefined();
    expect(rig.reopen().identify({ bearer: undefined, session: second, isLocal: true }).role).toBeUndefined();
  });

  test('a wrong token is not made good by the cookie beside it', () => {
    const { secret } = rig.access.sessions.open('ada');
    expect(by({ session: secret, bearer: 'wrong' }).role).toBeUndefined();
  });

  test('the oldest session makes room for one too many', () => {
    const opened = Array.from({ length: 5 }, () => {
      nowUs += 1;
      return rig.access.sessions.open('ada').secret;
    });
    expect(opened.map((session) => by({ session }).role)).toEqual([
      undefined,
      ...Array.from({ length: 4 }, () => 'operator'),
    ]);
  });

  test('a token has the role of its greatest scope, until it ends or is revoked; its secret is not kept', () => {
    const made = rig.access.tokens.create({ name: 'ci', scopes: ['viewer', 'metrics'] }, 'ada');
    if (!made.ok) throw new TypeError('refused');
    expect(by({ bearer: made.value.token })).toMatchObject({ name: 'token:ci', role: 'viewer' });
    expect(by({ bearer: made.value.token.slice(0, -1) }).role).toBeUndefined();
    expect(JSON.stringify(rig.access.tokens.list())).not.toContain(made.value.token.slice(-43));
    expect(rig.reopen().tokens.find(made.value.token)?.name).toBe('ci');
    expect(rig.access.tokens.revoke(made.value.id)?.name).toBe('ci');
    expect(by({ bearer: made.value.token }).role).toBeUndefined();
    const short = rig.access.tokens.create({ name: 's', scopes: ['admin'], expiresAtUs: nowUs + 10 }, 'ada');
    nowUs += 10;
    expect(short.ok && by({ bearer: short.value.token }).role).toBeUndefined();
  });

  test('a watch ends when its session does, and not when another one does', () => {
    const ended: string[] = [];
    const [one, other] = ['one', 'other'].map((name) => {
      const { secret, session } = rig.access.sessions.open('ada');
      rig.access.watch(by({ session: secret }), false, () => ended.push(name));
      return session.digest;
    });
    rig.access.sessions.end(({ digest }) => digest === one);
    rig.access.changed();
    rig.access.changed();
    expect(ended).toEqual(['one']);
    rig.access.sessions.end(({ digest }) => digest === other);
    rig.access.changed();
    expect(ended).toEqual(['one', 'other']);
  });
});

test('a watch ends by itself when its session has lasted its time', async () => {
  const short = accessRig({ sessionAgeUs: 50_000 });
  await short.access.users.add('ada', 'viewer', 'four plain words here');
  const { secret } = short.access.sessions.open('ada');
  const principal = short.access.identify({ bearer: undefined, session: secret, isLocal: false });
  expect(principal.role).toBe('viewer');
  const { promise, resolve } = Promise.withResolvers<string>();
  short.access.watch(principal, false, () => resolve('ended'));
  const alive = setInterval(() => undefined, 1000);
  expect(await promise).toBe('ended');
  clearInterval(alive);
  short.end();
});

describe('audit log', () => {
  test('finds entries by who, what and when, and takes no sign for a wildcard', () => {
    const { audit } = rig.access;
    const firstUs = nowUs;
    audit.record({ actor: 'Ada', address: '10.0.0.7', action: 'POST /api/v1/devices', subject: 'lab-1' });
    nowUs += 10;
    audit.record({ actor: 'token:ci', address: '::1', action: 'PUT /api/v1/users/{name}', subject: '100%' });
    const subjects = (filter: Partial<AuditFilter>) =>
      audit.list({ limit: 10, ...filter }).map(({ subject }) => subject);
    expect(subjects({})).toEqual(['100%', 'lab-1']);
    expect([subjects({ who: 'ada' }), subjects({ who: '10.0.0.7' }), subjects({ who: 'c_' })]).toEqual([['lab-1'], ['lab-1'], []]); // prettier-ignore
    expect([subjects({ what: 'LAB' }), subjects({ what: 'users' }), subjects({ what: '%' })]).toEqual([['lab-1'], ['100%'], ['100%']]); // prettier-ignore
    expect([subjects({ fromUs: firstUs + 1 }), subjects({ toUs: firstUs + 10 })]).toEqual([['100%'], ['lab-1']]); // prettier-ignore
  });

  test('keeps the newest entries, by number and by age', () => {
    const { audit } = rig.access;
    const entry = (subject: string) => ({ actor: 'ada', address: '::1', action: 'POST /x', subject });
    for (let number = 1; number <= 300; number++) audit.record(entry(String(number)));
    const kept = audit.list({ limit: 1000 });
    expect([kept.length, kept[0]?.subject, kept.at(-1)?.subject]).toEqual([100, '300', '201']);
    expect(audit.list({ limit: 2, before: kept[1]?.id ?? 0 }).map(({ subject }) => subject)).toEqual(['298', '297']); // prettier-ignore
    nowUs += 86_400_000_001;
    for (let number = 1; number <= 64; number++) audit.record(entry(`new ${number}`));
    expect(
      rig
        .reopen()
        .audit.list({ limit: 1000 })
        .every(({ subject }) => subject.startsWith('new')),
    ).toBe(true);
  });
});
