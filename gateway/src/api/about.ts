import { AboutAnswer } from '@fieldline/protocol';
import { accessSchemaVersion } from '../access/access-database.ts';
import { gatewaySchemaVersion } from '../home/gateway-database.ts';
import type { GatewayParts } from '../parts.ts';
import { storeSchemaVersion } from '../sinks/embedded/migrations.ts';
import { gatewayVersion } from '../version.ts';
import { defineRoute, json, type ApiRoute } from './route.ts';

/** Of `Batch.v`. */
const batchVersion = 1;

/** What this gateway is. */
export function aboutRoutes({ certificates, clock, config, listening }: GatewayParts): ApiRoute[] {
  const startedAtUs = clock.nowUs();
  const schemas = [
    { name: 'batch', version: batchVersion },
    { name: 'gateway.db', version: gatewaySchemaVersion },
    { name: 'access.db', version: accessSchemaVersion },
    { name: 'store.db', version: storeSchemaVersion },
  ];
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/about',
      summary: 'What this gateway is: version, age, stores, schemas, and the ports that devices reach.',
      access: 'viewer',
      answer: { status: 200, description: 'All of it.', schema: AboutAnswer },
      handle: () => {
        const { mqttUrl, mqttsUrl, httpsUrl } = listening;
        const ports = { mqtt: portOf(mqttUrl), mqtts: portOf(mqttsUrl), https: portOf(httpsUrl) };
        return json({
          version: gatewayVersion,
          nodeVersion: process.versions.node,
          startedAtUs,
          nowUs: clock.nowUs(),
          stores: config.stores,
          schemas,
          fingerprint: certificates.servers.pin,
          ports,
        });
      },
    }),
  ];
}

/** Of an address that names its port, as those of listeners do. */
function portOf(url: string | undefined): number | null {
  return url === undefined ? null : Number(new URL(url).port);
}
