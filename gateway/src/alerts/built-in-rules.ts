import type { AlertRule } from '@fieldline/protocol';

/** The rules that a gateway comes with. They can be changed and disabled. */
export const builtInRules: readonly AlertRule[] = [
  {
    id: 'device-silent',
    name: 'A device is silent',
    enabled: true,
    severity: 'warning',
    condition: { kind: 'silent-device', devices: '*', after: '5m' },
    for: '0s',
    deliverTo: [],
    remedy: 'Check its power and network; on the device, `journalctl -u fieldline-agent` tells more.',
    builtIn: true,
  },
  {
    id: 'ledger-difference',
    name: 'Readings are unaccounted for',
    enabled: true,
    severity: 'critical',
    condition: { kind: 'ledger', devices: '*', above: 0 },
    // One comparison may fall between two counters that move; the second in a row is a difference.
    for: '1m',
    deliverTo: [],
    remedy: '`fieldline ledger DEVICE` shows the stream; look for a restored card or a damaged disk.',
    builtIn: true,
  },
  {
    id: 'device-alarm',
    name: 'A device reports an error',
    enabled: true,
    severity: 'critical',
    condition: { kind: 'device-alarm', devices: '*' },
    for: '0s',
    deliverTo: [],
    remedy: '`fieldline device list` names the codes; docs/reference/errors.md tells what to do about each.',
    builtIn: true,
  },
  {
    id: 'stage-saturated',
    name: 'A stage of the pipeline is saturated',
    enabled: true,
    severity: 'warning',
    condition: { kind: 'stage', stages: '*', above: 0.9, clear: 0.7 },
    for: '1m',
    deliverTo: [],
    remedy: 'GET /api/v1/pipeline names the bottleneck; give it a faster disk or fewer batches.',
    builtIn: true,
  },
];
