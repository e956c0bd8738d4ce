import { describe, expect, test } from 'vitest';
import { judgeSpace, neededBytes } from './install-over-ssh.ts';
import { judgeFacts } from './probe-device.ts';

const facts = {
  arch: 'arm64',
  machine: 'aarch64',
  libc: 'glibc 2.36',
  systemctl: '/usr/bin/systemctl',
  group: 'dialout',
  'fieldline-runtime': '24.21.0 installed',
  'fieldline-agent': '0.1.0 config-files',
  free: '1000',
  root: 'sudo',
  active: 'inactive',
  config: Buffer.from('device: a\n').toString('base64'),
  digests: Buffer.from('abc  fieldline-agent_0.1.0_arm64.deb\n').toString('base64'),
  password: '',
};
const judged = (more: Partial<Record<keyof typeof facts, string>> = {}) =>
  judgeFacts(new Map(Object.entries({ ...facts, ...more })));

describe('what a device says of itself', () => {
  test('is read: versions of what is installed, digests, configuration, room, and how one becomes root', () => {
    expect(judged()).toEqual({
      ok: true,
      value: {
        arch: 'arm64',
        versions: new Map([['fieldline-runtime', '24.21.0']]),
        digests: new Map([['fieldline-agent_0.1.0_arm64.deb', 'abc']]),
        config: 'device: a\n',
        passwordDigest: undefined,
        isActive: false,
        freeBytes: 1_024_000,
        asRoot: 'sudo -n ',
      },
    });
  });

  test.each([
    ['no Debian', { arch: '' }, 'dpkg'],
    ['another processor', { arch: 'riscv64', machine: 'riscv64' }, 'riscv64'],
    ['an old C library', { libc: 'glibc 2.27' }, 'glibc 2.28'],
    ['another C library', { libc: '' }, 'glibc 2.28'],
    ['no systemd', { systemctl: '' }, 'systemd'],
    ['no serial group', { group: '' }, 'dialout'],
    ['nobody who becomes root', { root: '' }, 'sudo'],
  ])('with %s it is unsuitable', (_what, more, word) => {
    const outcome = judged(more);
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'SSH_DEVICE_UNSUITABLE' } });
    expect(outcome.ok ? '' : outcome.refusal.detail).toContain(word);
  });

  test.each(['glibc 2.28', 'glibc 2.41', 'glibc 3.0'])('%s is new enough', (libc) => {
    expect(judged({ libc }).ok).toBe(true);
  });
});

test('room is judged by what is sent, to the byte', () => {
  const packages = [{ name: 'a.deb', content: new Uint8Array(1000) }];
  expect(judgeSpace({ freeBytes: neededBytes(1000) }, packages).ok).toBe(true);
  expect(judgeSpace({ freeBytes: neededBytes(1000) - 1 }, packages)).toMatchObject({
    ok: false,
    refusal: { code: 'SSH_NO_SPACE' },
  });
});
