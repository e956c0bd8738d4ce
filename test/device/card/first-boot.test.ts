import { describe, expect, test } from 'vitest';
import { cardParts, isComplete } from './card-parts.ts';
import { cardSecrets, type CardRig } from './card-rig.ts';
import { bootMs, expectDelivery, flashedCard } from './flashed-card.ts';

/** `npm run test:device -- --first-boot` asks. */
const isAsked = process.env['FIELDLINE_TEST_FIRST_BOOT'] === '1';
const parts = isAsked ? cardParts('cloud-init') : undefined;
/** Prints what shows whether anything of the first boot was done again: its log, the password, the networks, the instance. */
const traces = [
  'wc -l </boot/firmware/fieldline/install.log',
  'getent shadow gardener',
  'cat /etc/hostname /etc/netplan/50-cloud-init.yaml /var/lib/cloud/data/instance-id',
].join(' && ');

describe.skipIf(!isComplete(parts))('a card whose system has cloud-init', () => {
  let rig: CardRig;

  flashedCard('cloud-init', parts, (flashed) => (rig = flashed));

  test(
    'takes its settings over and delivers within its first boot',
    async () => {
      await expectDelivery(rig, 'cloud-init', 0);
      await rig.machine.shell.ready();
      const textOf = async (command: string) => (await rig.machine.shell.run(command)).text;
      const status = await textOf('cloud-init status --wait --long');
      expect(status).toContain('status: done');
      expect(status).toContain('DataSourceNoCloud [seed=');
      expect(await textOf('hostname')).toBe('greenhouse-1');
      expect(await textOf('id -nG gardener')).toMatch(/dialout/);
      expect(await textOf('getent shadow gardener')).toContain(cardSecrets.passwordHash);
      expect(await textOf('cat ~gardener/.ssh/authorized_keys')).toContain('ssh-ed25519 ');
      expect(await textOf('readlink -f /etc/localtime')).toBe('/usr/share/zoneinfo/Europe/Zurich');
      expect(await textOf('cat /etc/netplan/50-cloud-init.yaml')).toContain('Glashaus');
      expect(await textOf('nmcli -t -f DEVICE,STATE device')).toContain('eth0:connected');
      expect(await textOf('cat /boot/firmware/fieldline/install.log')).toContain('Fieldline: installed');
      expect(await textOf('systemctl --failed --plain --no-legend')).toBe('');
    },
    bootMs,
  );

  test(
    'has left no secret where any computer can read it, and tells cloud-init of the same instance',
    async () => {
      const { shell } = rig.machine;
      for (const secret of Object.values(cardSecrets))
        expect(await shell.run(`grep -rF '${secret}' /boot/firmware`)).toMatchObject({ exitCode: 1 });
      const { text } = await shell.run('cat /boot/firmware/user-data /boot/firmware/network-config');
      expect(text).toContain('hostname: greenhouse-1');
      expect(text).toContain('config: disabled');
      const instance = '$(cat /var/lib/cloud/data/instance-id)';
      expect(await shell.run(`grep -F "i=${instance}" /boot/firmware/cmdline.txt`)).toMatchObject({
        exitCode: 0,
      });
    },
    bootMs,
  );

  test(
    'does nothing of it again at its next boot, and delivers on',
    async () => {
      const before = await rig.machine.shell.run(traces);
      expect(before.text).toContain('$6$');
      await rig.machine.powerCut();
      const { stored } = await rig.account();
      await rig.powerOn();
      await rig.until('10 more readings', (row) => row.stored >= stored + 10 && row.underWay === 0);
      await rig.machine.shell.ready();
      expect((await rig.machine.shell.run('cloud-init status --wait')).text).toContain('status: done');
      expect(await rig.machine.shell.run(traces)).toEqual(before);
      expect(await rig.account()).toMatchObject({ refused: 0, unaccounted: 0 });
    },
    bootMs,
  );

  test(
    'goes on with an installation that was ended by a power cut',
    async () => {
      // What such a cut leaves: the commands of the first boot are noted as begun, and there is no agent.
      const unfinished =
        'dpkg -r fieldline-agent && rm /var/lib/cloud/instance/sem/fieldline_installed && sync';
      expect(await rig.machine.shell.run(unfinished)).toMatchObject({ exitCode: 0 });
      await rig.machine.powerCut();
      const { stored } = await rig.account();
      await rig.powerOn();
      await rig.until('10 more readings', (row) => row.stored >= stored + 10 && row.underWay === 0);
      await rig.machine.shell.ready();
      const { text } = await rig.machine.shell.run('cat /boot/firmware/fieldline/install.log');
      expect(text.match(/Fieldline: installed/g)).toHaveLength(2);
      expect(await rig.account()).toMatchObject({ refused: 0, unaccounted: 0 });
    },
    bootMs,
  );
});
