import type {
  AboutAnswer,
  ClaimStateAnswer,
  DeviceClaim,
  DeviceCredential,
  DeviceSummary,
} from '@fieldline/protocol';
import { request, type Answer } from './gateway-client.ts';

const devicesPath = '/api/v1/devices';

function pathOf(device: string): string {
  return `${devicesPath}/${encodeURIComponent(device)}`;
}

/** What this gateway is. */
export function fetchAbout(): Promise<Answer<AboutAnswer>> {
  return request<AboutAnswer>('/api/v1/about', { key: 'version' });
}

/** Registers a device, or one that never came anew, and makes its claim; shown this once. */
export function claimDevice(name: string): Promise<Answer<DeviceClaim>> {
  return request<DeviceClaim>(devicesPath, { key: 'claim', method: 'POST', body: { name, claim: true } });
}

/** Registers a device and makes its password; shown this once. */
export function registerDevice(name: string): Promise<Answer<DeviceCredential>> {
  return request<DeviceCredential>(devicesPath, { key: 'password', method: 'POST', body: { name } });
}

/** What became of the newest claim of a device. */
export function fetchClaim(device: string): Promise<Answer<ClaimStateAnswer>> {
  return request<ClaimStateAnswer>(`${pathOf(device)}/claim`, { key: 'state' });
}

/** Takes a device its credential. */
export function revokeDevice(device: string): Promise<Answer<DeviceSummary>> {
  return request<DeviceSummary>(`${pathOf(device)}/revoke`, { key: 'revoked', method: 'POST' });
}
