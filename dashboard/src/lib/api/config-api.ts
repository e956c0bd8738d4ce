import type { ConfigStatesAnswer, DeviceConfigAnswer, DryRunAnswer } from '@fieldline/protocol';
import type { Config } from '../config/difference.ts';
import { request, type Answer } from './gateway-client.ts';

/** A dry run waits for the device: longer than other requests, in ms. */
const longestDryRunMs = 20_000;

function configPath(device: string): string {
  return `/api/v1/devices/${encodeURIComponent(device)}/config`;
}

/** What a device shall run, what it runs, and how far a change has come. */
export function fetchConfig(device: string): Promise<Answer<DeviceConfigAnswer>> {
  return request<DeviceConfigAnswer>(configPath(device), { key: 'reported' });
}

/** How far each device has come; those of which nobody wants another configuration are left out. */
export function fetchConfigStates(): Promise<Answer<ConfigStatesAnswer>> {
  return request<ConfigStatesAnswer>('/api/v1/config-states', { key: 'states' });
}

/** Sets what a device shall run; `version` is that of the desired configuration it was made from, 0 for none. */
export function putConfig(
  device: string,
  config: Config,
  version: number,
): Promise<Answer<DeviceConfigAnswer>> {
  return request<DeviceConfigAnswer>(configPath(device), {
    key: 'desired',
    method: 'PUT',
    body: { config, version },
  });
}

/** Has the device check a configuration and try it on its last minutes. */
export function dryRunConfig(device: string, config: Config): Promise<Answer<DryRunAnswer>> {
  return request<DryRunAnswer>(`${configPath(device)}/dry-run`, {
    key: 'now',
    method: 'POST',
    body: { config },
    longestMs: longestDryRunMs,
  });
}
