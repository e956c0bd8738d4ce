import type { Reported, Status } from '@fieldline/protocol';
import { isReported, isStatus } from './device-message.ts';

/** One device in memory. */
export interface DeviceState {
  readonly id: string;
  readonly createdAtUs: number;
  passwordHash: string;
  revoked: boolean;
  online: boolean;
  lastSeenUs: number | null;
  status: Status | null;
  reported: Reported | null;
  /** JSON of the desired configuration's message. */
  desired: string | null;
}

interface Row {
  readonly id: string;
  readonly created_at_us: number;
  readonly password_hash: string;
  readonly revoked: number;
  readonly last_seen_us: number | null;
  readonly status: string | null;
  readonly reported: string | null;
  readonly desired: string | null;
}

/** Whether this is a row of the table `devices`. */
export function isRow(row: Record<string, unknown>): row is Record<string, unknown> & Row {
  return (
    typeof row.id === 'string' &&
    typeof row.created_at_us === 'number' &&
    typeof row.password_hash === 'string' &&
    typeof row.revoked === 'number' &&
    isTextOrNull(row.status) &&
    isTextOrNull(row.reported) &&
    isTextOrNull(row.desired)
  );
}

/** A device that nothing is known of yet. */
export function newState(id: string, createdAtUs: number): DeviceState {
  return {
    id,
    createdAtUs,
    passwordHash: '',
    revoked: false,
    online: false,
    lastSeenUs: null,
    status: null,
    reported: null,
    desired: null,
  };
}

/** A device as it comes up with the gateway: no session is open, whatever its last status said. */
export function readDevice(row: Row): DeviceState {
  const status: unknown = row.status === null ? null : JSON.parse(row.status);
  const reported: unknown = row.reported === null ? null : JSON.parse(row.reported);
  return {
    id: row.id,
    createdAtUs: row.created_at_us,
    passwordHash: row.password_hash,
    revoked: row.revoked !== 0,
    online: false,
    lastSeenUs: row.last_seen_us,
    status: isStatus(status) ? { ...status, online: false } : null,
    reported: isReported(reported) ? reported : null,
    desired: row.desired,
  };
}

/** The device's own tags, from the configuration that it runs; what is not text is left out. */
export function tagsOf(reported: Reported | null): Record<string, string> {
  const config = reported?.config;
  if (!isObject(config) || !isObject(config.tags)) return {};
  return Object.fromEntries(
    Object.entries(config.tags).filter((tag): tag is [string, string] => typeof tag[1] === 'string'),
  );
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
