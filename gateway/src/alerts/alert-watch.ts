import type { LedgerAnswer, PipelineStage, StreamInfo } from '@fieldline/protocol';
import type { Logger } from 'pino';
import type { DeviceRecord } from '../devices/device-record.ts';
import type { AlertEngine } from './alert-engine.ts';

/** How often the clock is asked, in ticks of a second. */
const everyTicks = { devices: 5, stages: 5, streams: 60, ledger: 30 } as const;

/** What no batch carries. */
export interface AlertSources {
  readonly devices: () => readonly DeviceRecord[];
  readonly streams: () => readonly StreamInfo[];
  readonly stages: () => readonly PipelineStage[];
  readonly ledger: () => Promise<LedgerAnswer>;
}

/** Gives the engine what only the clock brings: signs of life, stages, the ledger. `tick` is called once a second. */
export class AlertWatch {
  readonly #engine: AlertEngine;
  readonly #sources: AlertSources;
  readonly #nowUs: () => number;
  readonly #logger: Logger;
  #ticks = 0;
  #ledgerUnderWay = false;

  constructor(engine: AlertEngine, sources: AlertSources, about: { nowUs: () => number; logger: Logger }) {
    this.#engine = engine;
    this.#sources = sources;
    this.#nowUs = about.nowUs;
    this.#logger = about.logger;
  }

  tick(): void {
    const isDue = (what: keyof typeof everyTicks): boolean => this.#ticks % everyTicks[what] === 0;
    if (isDue('devices')) this.#observeDevices();
    if (isDue('stages')) this.#observeStages();
    if (isDue('streams')) this.#seedStreams();
    if (isDue('ledger')) void this.#observeLedger();
    this.#ticks++;
    this.#engine.tick();
  }

  #observeDevices(): void {
    if (!this.#engine.anyFollow('devices') && !this.#engine.anyFollow('alarms')) return;
    const tUs = this.#nowUs();
    for (const { id, lastSeenUs, revoked, status } of this.#sources.devices()) {
      if (revoked) this.#engine.forgetDevice(id);
      else if (lastSeenUs !== null) this.#engine.observeNow('devices', id, { tUs: lastSeenUs, value: 0 });
      // A device that is away keeps what it said last: it cannot have been mended without saying so.
      if (!revoked && status)
        this.#engine.observeNow('alarms', id, { tUs, value: status.alarms?.length ?? 0 });
    }
  }

  #observeStages(): void {
    if (!this.#engine.anyFollow('stages')) return;
    const tUs = this.#nowUs();
    for (const { name, utilization } of this.#sources.stages()) {
      if (utilization !== null) this.#engine.observeNow('stages', name, { tUs, value: utilization });
    }
  }

  /** A stream of the store that has been silent since before the rule was made must not go unnoticed. */
  #seedStreams(): void {
    for (const { stream, lastT } of this.#sources.streams()) {
      if (lastT !== null) this.#engine.seedStream(stream, lastT);
    }
  }

  async #observeLedger(): Promise<void> {
    if (this.#ledgerUnderWay || !this.#engine.anyFollow('ledger')) return;
    this.#ledgerUnderWay = true;
    try {
      const { atUs, devices } = await this.#sources.ledger();
      for (const { device, unaccounted } of devices) {
        this.#engine.observeNow('ledger', device, { tUs: atUs, value: Math.abs(unaccounted) });
      }
    } catch (error) {
      this.#logger.debug({ err: error }, 'The ledger could not be compared; it is tried again');
    } finally {
      this.#ledgerUnderWay = false;
    }
  }
}
