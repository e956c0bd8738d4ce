import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAgentConfig } from '../../edge/src/config/load-agent-config.ts';
import { SensorSet } from '../../edge/src/drivers/sensor-set.ts';
import { Ledger } from '../../edge/src/ledger/ledger.ts';
import { silentLogger } from '../../edge/src/logger.ts';
import { MemoryQueue } from '../../edge/src/outbox/memory-queue.ts';
import { Outbox } from '../../edge/src/outbox/outbox.ts';
import { Sealer } from '../../edge/src/outbox/sealer.ts';
import { ManualTime } from '../../edge/src/testing/manual-time.ts';

const secUs = 1_000_000;
const thermometers = 4;
const fixesPerSec = 10;

/** The usual load of a device, as keys of its file: an ADC, a GNSS receiver, four thermometers; no port is there. */
export const usualSensors = `sensors:
  - { id: shaft, driver: adc, source: mcu, port: /dev/null, channels: [{ index: 0 }] }
  - { id: position, driver: gnss, port: /dev/null }
${[...Array(thermometers).keys()].map((index) => `  - { id: t${index}, driver: thermometer, port: /dev/null }\n`).join('')}`;

/** How a feed is set up. */
export interface FeedOptions {
  /** Holds `agent.yaml`, and the outbox as an agent on that file keeps it. */
  readonly folder: string;
  readonly device: string;
  readonly startMs: number;
  /** Samples a second of the ADC. */
  readonly adcRate: number;
}

/**
 * A device from the drivers' blocks to the outbox on the disk, without ports and faster than time: every second
 * of its own clock brings what the sensors would have said. The pipelines, the sealer and the outbox are those of the agent.
 */
export class DeviceFeed {
  readonly outbox: Outbox;
  readonly #time: ManualTime;
  readonly #sensors: SensorSet;
  readonly #sealer: Sealer;
  readonly #adcRate: number;
  #random = 1;

  static async open({ folder, device, startMs, adcRate }: FeedOptions): Promise<DeviceFeed> {
    const file = join(folder, 'feed.yaml');
    const head = `device: ${device}\ngateway: { url: 'mqtt://127.0.0.1:1', password: secret }\ndataDir: ./data\n`;
    writeFileSync(file, head + usualSensors);
    const config = await loadAgentConfig(file, {});
    const time = new ManualTime(startMs);
    const directory = join(config.dataDir, 'outbox');
    const outbox = await Outbox.open({ directory, ...config.outbox, clock: time, logger: silentLogger });
    const ledger = new Ledger();
    const context = { ledger, clock: time, timers: time, logger: silentLogger };
    const sensors = new SensorSet(context);
    sensors.prepare(config.sensors, 0);
    const memory = new MemoryQueue(config.outbox.memoryBytes);
    const isOnline = (): boolean => false;
    const sealer = new Sealer({ device, bootId: 'feed', sensors, outbox, memory, isOnline, ...context });
    return new DeviceFeed({ time, sensors, sealer, outbox, adcRate });
  }

  private constructor(parts: {
    time: ManualTime;
    sensors: SensorSet;
    sealer: Sealer;
    outbox: Outbox;
    adcRate: number;
  }) {
    this.outbox = parts.outbox;
    this.#time = parts.time;
    this.#sensors = parts.sensors;
    this.#sealer = parts.sealer;
    this.#adcRate = parts.adcRate;
  }

  /** A second of all sensors. */
  async passSecond(): Promise<void> {
    const fromUs = this.#time.nowUs();
    await this.#time.advance(1000);
    const at = (count: number): Float64Array =>
      Float64Array.from({ length: count }, (_, row) => fromUs + Math.round((row * secUs) / count));
    const noisy = (count: number, base: number, step: number): Float64Array =>
      Float64Array.from({ length: count }, () => base + step * Math.round(10 * this.#noise()));
    this.#emit('shaft', at(this.#adcRate), [noisy(this.#adcRate, 1.65, 0.01)]);
    const fix = [48.1, 11.5, 520, 1.2, 90, 9, 0.9].map((base, column) =>
      noisy(fixesPerSec, base, column < 2 ? 1e-6 : column === 5 ? 0 : 0.1),
    );
    this.#emit('position', at(fixesPerSec), fix);
    for (let index = 0; index < thermometers; index++)
      this.#emit(`t${index}`, at(1), [noisy(1, 20 + index, 0.01)]);
  }

  /** What the agent does at each flush. */
  flush(): Promise<void> {
    return this.#sealer.flush();
  }

  /** The last flush, and the end. */
  async close(): Promise<void> {
    await this.#sealer.finish();
    await this.outbox.close();
  }

  #emit(sensor: string, t: Float64Array, columns: Float64Array[]): void {
    this.#sensors.pipeline(sensor)?.emit(t, columns);
  }

  /** -0.5 to 0.5, the same sequence in every run. */
  #noise(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32 - 0.5;
  }
}
