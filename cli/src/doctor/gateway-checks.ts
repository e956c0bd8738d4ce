import { connect } from 'node:net';
import { FieldlineError } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayClient } from '../gateway/gateway-client.ts';
import { bad, good, warning, type Finding } from './finding.ts';

const Health = Type.Object({ status: Type.String(), problems: Type.Array(Type.String()) });
const REQUEST_TIMEOUT_MS = 3000;

/** Whether a gateway runs at `url`, and whether it stores what it takes. */
export async function checkGateway(url: string, client: GatewayClient): Promise<Finding> {
  try {
    await client.get('/healthz', Health);
  } catch (error) {
    if (!(error instanceof FieldlineError)) throw error;
    return error.code === 'CLI_GATEWAY_UNREACHABLE'
      ? warning('gateway', `none at ${url}`, 'Start one with `fieldline gateway` or `fieldline demo`.')
      : bad('gateway', `what answers at ${url} is no gateway`, 'Name the right address with --gateway URL.');
  }
  return checkReady(url);
}

async function checkReady(url: string): Promise<Finding> {
  const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  const { problems } = (await response.json()) as { problems?: string[] };
  if (response.ok) return good('gateway', `ready at ${url}`);
  return bad('gateway', (problems ?? ['not ready']).join('; '), 'Its log says more.');
}

/** Whether something listens where devices send to. */
export function checkBroker(port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: REQUEST_TIMEOUT_MS });
    const nothing = () => {
      socket.destroy();
      resolve(warning('broker', `nothing listens on port ${port}`, 'It comes with `fieldline gateway`.'));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve(good('broker', `listens on port ${port}`));
    });
    socket.once('error', nothing);
    socket.once('timeout', nothing);
  });
}

/** Where the readings go. */
export async function checkStore(influxUrl: string | undefined): Promise<Finding> {
  if (!influxUrl) return good('store', 'embedded (no FIELDLINE_INFLUX_URL)');
  const address = URL.parse(influxUrl);
  if (!address || !/^https?:$/.test(address.protocol)) {
    return bad(
      'store',
      'FIELDLINE_INFLUX_URL is not a URL',
      'Set it to an address such as http://127.0.0.1:8086.',
    );
  }
  // fetch refuses an address that holds a password, and nobody shall read it here.
  address.username = '';
  address.password = '';
  return pingInflux(address);
}

async function pingInflux(address: URL): Promise<Finding> {
  const shown = address.href;
  try {
    const response = await fetch(new URL('/ping', address), {
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const version = response.headers.get('x-influxdb-version');
    if (version) return good('store', `InfluxDB ${version} at ${shown}`);
    return bad('store', `what answers at ${shown} is no InfluxDB`, 'Correct FIELDLINE_INFLUX_URL.');
  } catch {
    return bad(
      'store',
      `no InfluxDB answers at ${shown}`,
      'Start it, or correct or unset FIELDLINE_INFLUX_URL.',
    );
  }
}
