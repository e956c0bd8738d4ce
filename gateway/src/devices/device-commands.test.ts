import { beforeEach, describe, expect, test } from 'vitest';
import { DeviceCommands, pendingCommandsMax } from './device-commands.ts';

let commands: DeviceCommands;
let sent: { device: string; id: string }[];

beforeEach(() => {
  sent = [];
  commands = new DeviceCommands();
  commands.publish = (device, json) =>
    void sent.push({ device, id: (JSON.parse(json) as { id: string }).id });
});

const ping = { name: 'ping', args: null };
const lastId = (): string => sent.at(-1)?.id ?? '';

describe('a command', () => {
  test('is answered by the reply with its id from its device, and by no other', async () => {
    commands.listening('a-1');
    const outcome = commands.send('a-1', ping, 60_000);
    commands.replied('b-1', { id: lastId(), ok: true, result: 'forged' });
    commands.replied('a-1', { id: 'other', ok: true });
    commands.replied('a-1', { id: lastId(), ok: true, result: 1 });
    expect(await outcome).toEqual({ kind: 'replied', reply: { id: lastId(), ok: true, result: 1 } });
  });

  test('waits for a device that is away, and is sent again after a session that ended', async () => {
    const outcome = commands.send('a-1', ping, 60_000);
    expect(sent).toEqual([]);
    commands.listening('a-1');
    commands.left('a-1');
    commands.listening('a-1');
    expect(sent).toHaveLength(2);
    commands.replied('a-1', { id: lastId(), ok: true });
    expect(await outcome).toMatchObject({ kind: 'replied' });
  });

  test('fails by name at its deadline', async () => {
    expect(await commands.send('a-1', ping, 1)).toEqual({ kind: 'away' });
    commands.listening('a-1');
    expect(await commands.send('a-1', ping, 1)).toEqual({ kind: 'unanswered' });
  });

  test('is refused where too many wait', async () => {
    const waiting = Array.from({ length: pendingCommandsMax }, () => commands.send('a-1', ping, 200));
    expect(await commands.send('a-1', ping, 1)).toEqual({ kind: 'busy' });
    expect(await Promise.all(waiting)).toHaveLength(pendingCommandsMax);
    const after = commands.send('a-1', ping, 1);
    expect(await after).toEqual({ kind: 'away' });
  });
});
