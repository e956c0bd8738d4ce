import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandTopic, replyTopic, type Batch } from '@fieldline/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../edge/src/testing/eventually.ts';
import { TestBroker } from '../../edge/src/testing/test-broker.ts';
import { requireFile, requireProgram } from '../services/skips.ts';
import { bootMachine, type Machine } from './iio-in-qemu.ts';
import { findKernelPackage } from './kernel.ts';

const qemu = requireProgram('qemu-system-x86_64', ['qemu-system-x86_64'], 'apt-get install qemu-system-x86');
const busybox = requireProgram('busybox', ['/bin/busybox'], 'apt-get install busybox-static');
const kernel = requireFile("Debian's kernel", findKernelPackage(), 'sh test/device/fetch-kernel.sh');
const isMissing = [qemu, busybox, kernel].some(({ missing }) => missing) || process.arch !== 'x64';

/** How long the machine may take to boot and to sample for ten seconds, over which rate and jitter are measured. */
const bootWithinMs = 150_000;
/** The interval of the trigger. An emulator on a busy machine keeps it only roughly. */
const intervalUs = 20_000;

interface Column {
  readonly t: number[];
  readonly v: number[];
}

/** The readings of one sensor in all batches, in order. */
function readingsOf(batches: readonly Batch[], sensor: string): Column {
  const blocks = batches.flatMap(({ sensors }) => sensors).filter((block) => block.sensor === sensor);
  const readings = blocks.flatMap((block) => (block.kind === 'readings' ? [block] : []));
  return {
    t: readings.flatMap(({ t }) => [...t]),
    v: readings.flatMap(({ fields }) => [...(fields['ch0']?.v ?? [])]),
  };
}

/** The figures of the captured sensor out of an answer to `stats`; undefined before ten seconds are measured. */
function figuresOf(reply: unknown): Record<string, number> | undefined {
  const { figures } =
    (reply as { result: { sensors: { swift: { figures: Record<string, number> } } } } | undefined)?.result
      .sensors.swift ?? {};
  return figures?.['rateHz'] === undefined ? undefined : figures;
}

const agentYaml = (port: number): string => `
device: lab-1
gateway: { url: 'mqtt://10.0.2.2:${port}', password: secret }
dataDir: /tmp/data
sensors:
  - { id: still, driver: adc, source: iio, device: 'iio:device0', window: none, channels: [{ index: 0 }] }
  - id: swift
    driver: adc
    source: iio
    device: iio:device1
    mode: buffered
    trigger: t1
    interval: 50ms
    window: none
    channels: [{ index: 0 }]
`;

describe.skipIf(isMissing)('the agent in an emulated machine, on IIO devices of a real kernel', () => {
  let folder: string;
  let broker: TestBroker;
  let machine: Machine;
  let figures: Record<string, number>;
  const startedUs = Date.now() * 1000;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldline-machine-'));
    broker = await TestBroker.start();
    machine = await bootMachine({
      folder,
      kernelPackage: kernel.path,
      qemu: qemu.path,
      busybox: busybox.path,
      node: process.execPath,
      agentYaml: agentYaml(broker.port),
    });
    let asked = 0;
    const measured = eventually(() => {
      // Once for each batch that came, since an emulated machine has little to spare.
      if (broker.batches.length > asked)
        broker.publish(commandTopic('lab-1'), { id: 's', name: 'stats', args: {} });
      asked = broker.batches.length;
      return figuresOf(broker.last(replyTopic('lab-1')));
    }, bootWithinMs);
    figures = await measured.catch((cause: unknown) => {
      const last = JSON.stringify(broker.last(replyTopic('lab-1')));
      throw new Error(`${broker.batches.length} batches; stats ${last}; console: ${machine.console()}`, {
        cause,
      });
    });
  }, bootWithinMs + 40_000);

  afterAll(async () => {
    await machine.stop();
    await broker.stop();
    await rm(folder, { recursive: true });
  });

  it('reads volts one at a time through sysfs', () => {
    const { t, v } = readingsOf(broker.batches, 'still');
    expect(v.length).toBeGreaterThan(20);
    expect(new Set(v)).toEqual(new Set([1.024]));
    expect(t[0]).toBeGreaterThan(startedUs);
    expect(t.at(-1)).toBeLessThan(Date.now() * 1000 + 2e6);
  });

  it('reads what the kernel captured: each value that was set, and no other', () => {
    const { v } = readingsOf(broker.batches, 'swift');
    expect(new Set(v)).toEqual(new Set([0.256, 0.512, 2.047, -0.256]));
  });

  it('gives the times of the trigger, and a gap wherever samples are missing', () => {
    const { t } = readingsOf(broker.batches, 'swift');
    const intervals = t.slice(1).map((at, row) => at - t[row]!);
    expect(Math.min(...intervals)).toBeGreaterThan(0);
    const sorted = intervals.toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1];
    expect(median).toBeGreaterThan(0.9 * intervalUs);
    expect(median).toBeLessThan(1.2 * intervalUs);
    const gaps = broker.batches
      .flatMap(({ sensors }) => sensors)
      .flatMap((block) => (block.kind === 'gaps' && block.sensor === 'swift' ? [...block.reason] : []));
    expect(gaps.every((reason) => reason === 'samples-missed')).toBe(true);
    expect(intervals.filter((interval) => interval > 1.5 * intervalUs).length).toBeLessThanOrEqual(
      gaps.length,
    );
  });

  it('measures rate, jitter, missed samples and the rail', () => {
    expect(figures['rateHz']).toBeGreaterThan(10);
    expect(figures['rateHz']).toBeLessThan(51);
    expect(figures['jitterUsP99']).toBeGreaterThan(0);
    const { v } = readingsOf(broker.batches, 'swift');
    // What was sent since the answer was given, and what was measured and not sent by then, differ by little.
    expect(figures['samples']).toBeGreaterThan(0.5 * v.length);
    const atRail = v.filter((volts) => volts === 2.047).length;
    expect(figures['saturated']).toBeGreaterThan(0.5 * atRail);
    expect(figures).toMatchObject({ stuck: 0 });
  });
});
