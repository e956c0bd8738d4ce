import { describe, expect, test } from 'vitest';
import { wrongImport } from './import-direction.ts';

describe('import direction', () => {
  test.each([
    ['protocol/src/index.ts', '@fieldline/journal'],
    ['edge/src/agent.ts', '@fieldline/gateway'],
    ['edge/src/agent.ts', '../../gateway/src/gateway.ts'],
    ['gateway/src/gateway.ts', '@fieldline/edge'],
    ['gateway/src/gateway.ts', '../../dashboard/src/main.ts'],
    ['dashboard/src/main.ts', '@fieldline/journal'],
    ['simulators/src/index.ts', '@fieldline/journal'],
    ['provision/src/index.ts', '@fieldline/edge'],
    ['edge/src/drivers/gnss/gnss.test.ts', '@fieldline/simulators'],
    ['edge/src/agent.ts', '@fieldline/cli'],
    ['edge/src/agent.ts', '../../test/services/skips.ts'],
    ['edge/src/outbox/outbox.ts', 'node:sqlite'],
    ['edge/src/drivers/gnss/gnss.ts', 'serialport'],
    ['edge/src/drivers/adc/iio.ts', 'node:fs/promises'],
    ['protocol/src/column/times.ts', 'node:zlib'],
    ['dashboard/src/lib/live/socket.ts', 'node:events'],
  ])('%s must not import %s', (file, specifier) => {
    expect(wrongImport(file, specifier)).toBeTypeOf('string');
  });

  test.each([
    ['journal/src/log.ts', '@fieldline/protocol'],
    ['journal/src/log.ts', './crc.ts'],
    ['journal/src/log.ts', 'node:fs/promises'],
    ['edge/src/outbox/outbox.ts', '@fieldline/journal'],
    ['edge/src/bindings/serial.ts', 'serialport'],
    ['edge/src/bindings/disk.ts', 'node:fs'],
    ['dashboard/src/lib/series/ring.ts', '@fieldline/protocol/aggregate'],
    ['gateway/src/sinks/embedded/worker.ts', 'node:sqlite'],
    ['cli/src/commands/demo.ts', '@fieldline/gateway'],
    ['cli/src/commands/demo.ts', '@fieldline/edge'],
    ['test/e2e/demo.test.ts', '../services/demo.ts'],
  ])('%s may import %s', (file, specifier) => {
    expect(wrongImport(file, specifier)).toBeUndefined();
  });
});
