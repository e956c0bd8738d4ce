import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cardParts, isComplete } from './card-parts.ts';
import { cardSecrets, say, type CardRig } from './card-rig.ts';
import { bootMs, expectDelivery, flashedCard } from './flashed-card.ts';
import { updateTests } from './update-tests.ts';

const parts = cardParts('firstrun');

let rig: CardRig;

/** The exit code and text of a command in the device. */
const run = (command: string) => rig.machine.shell.run(command);
const textOf = async (command: string): Promise<string> => (await run(command)).text;

/** Sends a file into the device, whose system has no program that fetches one. */
async function send(file: string, to: string): Promise<void> {
  const server = createServer((socket) => createReadStream(file).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await run(`cat </dev/tcp/10.0.2.2/${port} >${to}`)).toMatchObject({ exitCode: 0 });
  server.close();
}

/** The agent's package once more, as a newer version. */
function newerPackage(version: string): string {
  const name = readdirSync(rig.packages).find((each) => /^fieldline-agent_.*\.deb$/.test(each)) ?? '';
  const tree = join(rig.packages, 'tree');
  execFileSync('dpkg-deb', ['--raw-extract', join(rig.packages, name), tree]);
  const control = join(tree, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
  const built = join(rig.packages, `newer-${version}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, built], { stdio: 'ignore' });
  rmSync(tree, { recursive: true });
  return built;
}

describe.skipIf(!isComplete(parts))('a flashed card in an emulated device', () => {
  flashedCard('firstrun', parts, (flashed) => (rig = flashed));

  test(
    'installs the agent at its first boot, and its readings are stored by the gateway',
    () => expectDelivery(rig, 'firstrun', 1),
    bootMs,
  );

  test(
    'has taken its settings over, once, and has left no secret where any computer can read it',
    async () => {
      await rig.machine.shell.ready();
      expect(await textOf('hostname')).toBe('greenhouse-1');
      expect(await textOf('id -nG gardener')).toMatch(/dialout.*sudo|sudo.*dialout/);
      expect(await textOf('cat ~gardener/.ssh/authorized_keys')).toMatch(/^ssh-ed25519 /);
      expect(await textOf('readlink /etc/localtime')).toBe('/usr/share/zoneinfo/Europe/Zurich');
      expect(await textOf('cat /proc/cmdline /boot/firmware/cmdline.txt')).not.toContain('systemd.run');
      expect(await textOf('cat /boot/firmware/fieldline/install.log')).toContain('Fieldline: installed');
      expect(await textOf('cat /boot/firmware/fieldline/first-boot.log')).toContain('Fieldline: done');
      for (const secret of Object.values(cardSecrets))
        expect(await run(`grep -rF '${secret}' /boot/firmware`)).toMatchObject({ exitCode: 1 });
    },
    bootMs,
  );

  test(
    'runs the agent as a user of its own that has little, and watches over it',
    async () => {
      const shown = await textOf(
        'systemctl show fieldline-agent -p ActiveState,DynamicUser,WatchdogUSec,NRestarts',
      );
      expect(shown.split('\n').sort()).toEqual([
        'ActiveState=active',
        'DynamicUser=yes',
        'NRestarts=0',
        'WatchdogUSec=1min',
      ]);
      // The watchdog has been fed since the start; a service that never feeds has the time of its start here.
      const since = async (property: string) =>
        Number(await textOf(`systemctl show fieldline-agent --value -p ${property}`));
      const fed = await since('WatchdogTimestampMonotonic');
      const started = await since('ExecMainStartTimestampMonotonic');
      expect(fed).toBeGreaterThan(started);
      const user = await textOf('stat -c %U /proc/$(systemctl show fieldline-agent -p MainPID --value)');
      expect(user).not.toBe('root');
      expect(await textOf('stat -c %a /var/lib/private/fieldline')).toBe('700');
      expect(await textOf('systemctl --failed --plain --no-legend')).toBe('');
    },
    bootMs,
  );

  test(
    'goes on in seconds from what was saved of it',
    async () => {
      const saved = await rig.machine.save(rig.folder);
      const { stored } = await rig.account();
      const startedMs = performance.now();
      await rig.powerOn(saved);
      await rig.until('a reading', (row) => row.stored > stored);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      say(`a saved device to its next stored reading: ${seconds} s`);
      expect(await rig.account()).toMatchObject({ refused: 0, unaccounted: 0 });
    },
    bootMs,
  );

  updateTests(() => rig);

  test(
    'accounts for every reading after the power was cut',
    async () => {
      await rig.machine.powerCut();
      const before = await rig.account();
      await rig.powerOn();
      await rig.until('20 more readings', ({ stored }) => stored >= before.stored + 20);
      const settled = await rig.until('nothing under way', ({ underWay }) => underWay === 0);
      expect(settled).toMatchObject({ refused: 0, unaccounted: 0 });
      expect(settled.taken).toBe(settled.stored + settled.filtered + settled.lost);
    },
    bootMs,
  );

  test(
    'takes a newer package over at once, keeps what is not delivered when it is removed, and nothing after a purge',
    async () => {
      await rig.machine.shell.ready();
      await send(newerPackage('0.9.9'), '/tmp/newer.deb');
      const pid = await textOf('systemctl show fieldline-agent -p MainPID --value');
      const { stored } = await rig.account();
      expect(await run('dpkg -i /tmp/newer.deb')).toMatchObject({ exitCode: 0 });
      expect(await textOf('systemctl show fieldline-agent -p MainPID --value')).not.toBe(pid);
      await rig.until('readings of the newer one', (row) => row.stored > stored + 5);
      expect(await run('dpkg --verify fieldline-agent fieldline-runtime')).toEqual({ exitCode: 0, text: '' });

      expect(await run('dpkg -r fieldline-agent')).toMatchObject({ exitCode: 0 });
      expect(await run('systemctl is-active fieldline-agent')).toMatchObject({ text: 'inactive' });
      expect(await run('ls /var/lib/private/fieldline/outbox /etc/fieldline/agent.yaml')).toMatchObject({
        exitCode: 0,
      });
      expect(await run('test -e /usr/lib/fieldline/lib')).toMatchObject({ exitCode: 1 });

      expect(await run('dpkg -i /tmp/newer.deb && systemctl enable --now fieldline-agent')).toMatchObject({
        exitCode: 0,
      });
      const again = await rig.account();
      await rig.until('readings after the removal', (row) => row.stored > again.stored + 5);
      expect(await rig.account()).toMatchObject({ refused: 0, unaccounted: 0 });

      expect(await run('dpkg -P fieldline-agent fieldline-runtime')).toMatchObject({ exitCode: 0 });
      const left = 'ls -d /etc/fieldline /var/lib/fieldline /var/lib/private/fieldline /usr/lib/fieldline';
      expect((await textOf(left)).split('\n').every((line) => line.includes('No such file'))).toBe(true);
      expect(await textOf('ls -R /etc/systemd/system')).not.toContain('fieldline');
      expect(await textOf('systemctl --failed --plain --no-legend')).toBe('');
    },
    bootMs,
  );
});
