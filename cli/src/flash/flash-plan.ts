import { readFileSync } from 'node:fs';
import { FieldlineError } from '@fieldline/protocol';
import { checkSettings, type DeviceSettings, type FlashPlan } from '@fieldline/provision';
import { agentFiles, type CardAgent } from './agent-files.ts';
import type { Asker } from './ask.ts';
import type { DeviceOptions } from './device-options.ts';

/** The plan for one card, with what the gateway knows of its device. */
export interface CardPlan extends FlashPlan, Omit<CardAgent, 'files'> {}

/**
 * The plan for one device: asks only what it was not told, checks the settings, and only then registers the
 * device. Throws CLI_USAGE, PROVISION_SETTINGS_INVALID, CLAIM_REFUSED, or what the gateway answers.
 */
export async function flashPlan(
  options: DeviceOptions,
  asker: Asker,
  onStep: (step: string) => void,
): Promise<CardPlan> {
  const name = options.name ?? (await asker.ask('Name of the device', '--name'));
  const gateway =
    options.gateway ??
    (await asker.ask('Gateway, as the device reaches it (mqtts://HOST:8883)', '--gateway'));
  checkGateway(gateway);
  const settings = settingsOf(name, options);
  const checked = checkSettings(settings);
  if (!checked.ok) {
    const { code, detail } = checked.refusal;
    throw new FieldlineError(code, { subject: name, detail });
  }
  const { files: agent, ...about } = await agentFiles(options, { name, gateway }, onStep);
  return { settings, agent, ...about };
}

/** Throws CLI_USAGE where this is no address that an agent delivers to. */
export function checkGateway(gateway: string): void {
  if (/^(mqtts?|wss?):\/\/[^/]+/.test(gateway)) return;
  const detail = 'It is an address such as mqtts://gateway.example:8883.';
  throw new FieldlineError('CLI_USAGE', { subject: `--gateway ${gateway}`, detail });
}

function settingsOf(name: string, options: DeviceOptions): DeviceSettings {
  const { user, wifi, timezone, keyboard, locale } = options;
  if (wifi !== undefined && options.wifiCountry === undefined) {
    const detail = 'The radio of a device stays off until it knows the country.';
    throw new FieldlineError('CLI_USAGE', { subject: '--wifi-country', detail });
  }
  return {
    name,
    ...(user !== undefined && { user: userOf(user, options) }),
    ...(wifi !== undefined && {
      wifi: {
        ssid: wifi,
        country: options.wifiCountry ?? '',
        ...(options.wifiPassword !== undefined && { password: options.wifiPassword }),
      },
    }),
    ...(timezone !== undefined && { timezone }),
    ...(keyboard !== undefined && { keyboard }),
    ...(locale !== undefined && { locale }),
  };
}

function userOf(name: string, { passwordHash, sshKey }: DeviceOptions) {
  const sshKeys = sshKey === undefined ? [] : keysIn(sshKey);
  if (passwordHash === undefined && sshKeys.length === 0) {
    const detail = 'Nobody could sign in: give --ssh-key, --password-hash, or both.';
    throw new FieldlineError('CLI_USAGE', { subject: `--user ${name}`, detail });
  }
  return { name, sshKeys, ...(passwordHash !== undefined && { passwordHash }) };
}

function keysIn(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim());
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new FieldlineError('CLI_USAGE', { subject: path, detail, cause });
  }
}
