import { Buffer } from 'node:buffer';
import { isLoopback } from '../../config/loopback.ts';

/** Where InfluxDB is, and as whom it is spoken to. */
export interface InfluxAddress {
  /** Such as `http://127.0.0.1:8086`, with or without a path before `/write`; no user name or password in it. */
  readonly url: string;
  /** The database; of InfluxDB 2.x the bucket. */
  readonly database: string;
  readonly username?: string;
  readonly password?: string;
  /** Speaks to InfluxDB 2.x or 3.x: writes to `/api/v2/write`, asks at the `/query` that these keep for InfluxQL. */
  readonly token?: string;
  /** The organization of 2.x, by name or id; 3.x has none. */
  readonly organization?: string;
  /** Whether requests are compressed; where it is left out, those that leave this machine are. */
  readonly gzip?: boolean;
}

/** Takes a user name and password out of the URL, where they would reach logs; explicit ones win. */
export function withoutCredentials(address: InfluxAddress): InfluxAddress {
  const url = new URL(address.url);
  const username = address.username ?? decodeURIComponent(url.username);
  const password = address.password ?? decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  const { username: _username, password: _password, ...others } = address;
  return { ...others, url: url.href, ...(username === '' ? {} : { username, password }) };
}

/** The value of the `Authorization` header; undefined where nobody is named. A token wins over a password. */
export function authorization({ token, username, password = '' }: InfluxAddress): string | undefined {
  if (token !== undefined) return `Token ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** On loopback compression costs more than it saves (0.84 to 0.97 of the throughput); over a network it saves nine tenths. */
export function compresses({ url, gzip }: InfluxAddress): boolean {
  return gzip ?? !isLoopback(new URL(url).hostname.replaceAll(/^\[|\]$/g, ''));
}
