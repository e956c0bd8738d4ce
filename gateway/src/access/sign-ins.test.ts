import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { accessRig, type AccessRig } from '../testing/access-rig.ts';
import { addressKey, AttemptLimit } from './attempt-limit.ts';
import { hashUserPassword, judgePassword, verifyUserPassword } from './password.ts';
import { signInLimits } from './sign-ins.ts';

let rig: AccessRig;
let nowUs = 0;
const right = 'four plain words here';

beforeEach(async () => {
  nowUs = 1_800_000_000_000_000;
  rig = accessRig({ clock: { nowUs: () => nowUs } });
  await rig.access.users.add('ada', 'viewer', right);
});
afterEach(() => rig.end());

const tryIn = async (name: string, password: string, address = '192.0.2.1') =>
  (await rig.access.signIns.signIn(name, password, address)).kind;

test('a password is kept as argon2id, and only itself opens it', async () => {
  const hash = await hashUserPassword(right);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await verifyUserPassword(right, hash)).toBe(true);
  expect(await verifyUserPassword(`${right} `, hash)).toBe(false);
  expect(await verifyUserPassword(right, hash.replace('argon2id', 'argon2i'))).toBe(false);
  // The same text however it was typed: one letter, or a letter with an accent behind it.
  expect(await verifyUserPassword('caf\u0065\u0301 au lait, cr\u00e8me', await hashUserPassword('caf\u00e9 au lait, cr\u00e8me'))).toBe(true); // prettier-ignore
});

test.each([
  ['short', 'elevenchars'],
  ['one key held down', 'aaaaaaaaaaaaaaaa'],
  ['the name in it', 'Ada likes numbers'],
])('%s is refused', (_what, password) => {
  expect(judgePassword('ada', password)).toMatchObject({ ok: false, refusal: { code: 'PASSWORD_WEAK' } });
});

test('guessing one user is stopped, wherever it comes from; others sign in; it ends with the window', async () => {
  for (let attempt = 0; attempt < signInLimits.ofUser.attempts; attempt++) {
    expect(await tryIn('ada', 'wrong password', `192.0.2.${attempt}`)).toBe('wrong');
  }
  expect(await tryIn('ada', right, '198.51.100.1')).toBe('limited');
  await rig.access.users.add('bob', 'viewer', right);
  expect(await tryIn('bob', right)).toBe('in');
  nowUs += signInLimits.ofUser.windowUs;
  expect(await tryIn('ada', right)).toBe('in');
});

test('guessing many users from one address is stopped, unknown names count alike', async () => {
  for (let attempt = 0; attempt < signInLimits.ofAddress.attempts; attempt++) {
    expect(await tryIn(`nobody-${attempt}`, 'wrong password', '2001:db8::1')).toBe('wrong');
  }
  expect(await tryIn('ada', right, '2001:db8::ffff')).toBe('limited');
  expect(await tryIn('ada', right, '2001:db8:0:1::1')).toBe('in');
});

test('attempts at once get no further than one after another, and right ones count for nothing', async () => {
  const { attempts } = signInLimits.ofUser;
  const many = await Promise.all(Array.from({ length: attempts + 5 }, () => tryIn('ada', 'wrong password')));
  expect(many.filter((kind) => kind === 'wrong')).toHaveLength(attempts);
  nowUs += signInLimits.ofUser.windowUs;
  for (let round = 0; round < attempts + 2; round++) expect(await tryIn('ada', right)).toBe('in');
  const counted = rig.access.counters().flatMap(({ samples }) => samples);
  expect(counted).toContainEqual({ labels: { outcome: 'limited' }, value: 5 });
});

test('a limit holds for any order of keys and times, and remembers so many keys', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    passUs: fc.integer({ min: -50, max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let atUs = 1000;
      const limit = new AttemptLimit({ attempts: 2, windowUs: 100, keys: 8 }, { nowUs: () => atUs });
      const allowed = new Map<string, number[]>();
      for (const { key, passUs } of steps) {
        atUs += passUs;
        const waitUs = limit.take(key);
        expect(waitUs).toBeLessThanOrEqual(100);
        const past = allowed.get(key) ?? [];
        if (waitUs === 0) allowed.set(key, [...past, atUs]);
        else expect(past.length).toBeGreaterThanOrEqual(2);
      }
    }),
  );
});

test('hosts of IPv6 count by their network, others by themselves', () => {
  expect(['::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', '::ffff:192.0.2.7', '192.0.2.7', 'fe80::1%eth0'].map(addressKey)) // prettier-ignore
    .toEqual(['0:0:0:0::/64', '2001:db8:1:2::/64', '2001:db8:1:2::/64', '192.0.2.7', '192.0.2.7', 'fe80:0:0:0::/64']); // prettier-ignore
});
