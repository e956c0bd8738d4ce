import { writeFile } from 'node:fs/promises';
import { DeadLetter, FieldlineError } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { letterPath } from '../gateway/dead-letter-id.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { seen } from './device-list.ts';

/** First bytes that are printed; the whole is for `--save`. */
const shownBytes = 256;

export const deadLettersShow = defineCommand({
  brief: 'Shows one dead letter, and saves its payload',
  examples: ['dead-letters show 17', 'dead-letters show 17 --save payload.bin'],
  options: {
    ...gatewayOptions,
    save: text({ brief: 'Write the payload to this file', placeholder: 'FILE' }),
    json: toggle({ brief: 'Print the letter as one JSON document' }),
  },
  argument: { placeholder: 'ID', brief: 'Its number', optional: false },
  run: async ({ options, argument = '', io }) => {
    const client = new GatewayClient(options);
    const letter = await client.get(letterPath(argument), DeadLetter);
    if (options.json) io.printJson(letter);
    else for (const line of linesOf(letter)) io.print(line);
    if (options.save !== undefined)
      await save(options.save, await client.download(`${letterPath(argument)}/payload`));
    return 0;
  },
});

function linesOf(letter: DeadLetter): string[] {
  const rows = [
    ['Id', String(letter.id)],
    ['Device', letter.device],
    ['Topic', JSON.stringify(letter.topic)],
    ['Reason', letter.code],
    ['Detail', letter.detail],
    ['First', seen(letter.atUs)],
    ['Last', seen(letter.lastAtUs)],
    ['Times', String(letter.count)],
    ['Size', `${letter.sizeBytes} bytes`],
    ['Replayable', letter.isReplayable ? 'yes' : 'no: it is not kept whole'],
    ['Begins', printable(Buffer.from(letter.payload, 'base64url'))],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(11)} ${value}`);
}

/** Text as JSON writes it, anything else in hexadecimal: bytes of a peer never reach the terminal as they are. */
function printable(bytes: Buffer): string {
  const head = bytes.subarray(0, shownBytes);
  const isText = head.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText ? JSON.stringify(head.toString('latin1')) : head.toString('hex');
}

async function save(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('CLI_USAGE', { subject: `--save ${path}`, detail, cause });
  }
}
