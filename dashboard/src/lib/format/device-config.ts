import { stringify } from 'yaml';

/** The port at which a device looks for the exchange of its claim unless told otherwise. */
const claimPort = 8443;

/** Where the agent of a device keeps its data; the state directory of its unit. */
const dataDir = '/var/lib/fieldline';

/** What a device is told of itself and its gateway. */
export interface DeviceStart {
  readonly device: string;
  /** `mqtts://HOST:PORT` as the device reaches it. */
  readonly gateway: string;
  /** What proves who it is. */
  readonly secret: { readonly claim: string } | { readonly password: string };
  /** Of the gateway; null where it is closed. */
  readonly httpsPort: number | null;
}

/** The agent's first configuration (YAML): it says who it is and where to go, and has no sensors yet. */
export function firstConfig({ device, gateway, secret, httpsPort }: DeviceStart): string {
  const host = new URL(gateway.replace(/^mqtts?:/, 'https:')).hostname;
  const isElsewhere = 'claim' in secret && httpsPort !== null && httpsPort !== claimPort;
  const claimUrl = isElsewhere ? { claimUrl: `https://${host}:${httpsPort}` } : {};
  return stringify({ device, gateway: { url: gateway, ...secret, ...claimUrl }, dataDir, sensors: [] });
}
