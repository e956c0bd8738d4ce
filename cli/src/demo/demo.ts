/*
 *   gateway ─► admin token ─► devices registered
 *                                  └─► virtual sensors (silent) ─► agents ─► all online ─► start
 *   … the duration, or until Ctrl-C …
 *   sensors stop (ports stay open) ─► account drained ─► summary ─► agents ─► sensors ─► gateway
 */
import { writeFileSync } from 'node:fs';
import { DevicesAnswer, FieldlineError, type LedgerAnswer } from '@fieldline/protocol';
import { GatewayClient } from '../gateway/gateway-client.ts';
import { openLiveFeed } from '../gateway/live-feed.ts';
import { Child } from './child.ts';
import { openHome, type DemoHome } from './home.ts';
import { planDevices, type PlannedDevice } from './plan.ts';
import { registerDevices, writeAgentConfigs } from './register.ts';

/** What was asked of the demo. */
export interface DemoOptions {
  readonly devices: number;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly home: string | undefined;
  /** Hears of what happens on the way. */
  readonly say: (what: string) => void;
  readonly interrupted: AbortSignal;
}

/** What the first line of `fieldline demo --json` holds. */
export interface DemoReady {
  readonly dashboard: string;
  readonly mqtt: string;
  readonly home: string;
  readonly pids: { readonly gateway: number; readonly agents: number[]; readonly simulators: number[] };
}

const ONLINE_DEADLINE_MS = 60_000;
const POLL_MS = 150;
const ORDER_DEADLINE_MS = 10_000;
const FEED_RETRY_MS = 500;

/** Everything that `fieldline demo` starts, in the order in which it starts it. */
export class Demo {
  readonly #options: DemoOptions;
  readonly #home: DemoHome;
  readonly #devices: readonly PlannedDevice[];
  readonly #gateway: Child;
  readonly #simulators: Child[] = [];
  readonly #agents: Child[] = [];
  #urls = { dashboard: '', mqtt: '' };
  #speaking = false;
  #closeFeed: (() => void) | undefined;
  #isStopping = false;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#home = openHome(options.home);
    this.#devices = planDevices(options.devices);
    this.#gateway = this.#child('gateway', () => this.#gatewayWords());
  }

  /** A client with the admin token of the gateway. */
  get client(): GatewayClient {
    return new GatewayClient({ gateway: this.#urls.dashboard, home: this.#home.path });
  }

  /** Starts all of it; resolves once every device is online and every sensor speaks. */
  async start(): Promise<DemoReady> {
    const ready = await this.#gateway.start();
    this.#urls = { dashboard: String(ready['dashboard']), mqtt: String(ready['mqtt']) };
    await registerDevices(this.client, this.#home, this.#devices);
    writeAgentConfigs(this.#home, this.#devices, this.#urls.mqtt);
    this.#plan();
    await Promise.all(this.#simulators.map((each) => each.start()));
    await Promise.all(this.#agents.map((each) => each.start()));
    await this.#allOnline();
    this.#follow();
    this.#speaking = true;
    await Promise.all(this.#simulators.map((each) => each.order('start', ORDER_DEADLINE_MS)));
    return this.#ready();
  }

  /** Silences the sensors; what they have said is with their readers by then. */
  async silence(): Promise<void> {
    this.#speaking = false;
    await Promise.all(this.#simulators.map((each) => each.order('stop', ORDER_DEADLINE_MS)));
  }

  /** Ends everything in the order of the flow, so that nothing is cut off from what comes behind it. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#closeFeed?.();
    await Promise.all(this.#agents.map((each) => each.stop()));
    await Promise.all(this.#simulators.map((each) => each.stop()));
    await this.#gateway.stop();
    this.#home.remove();
  }

  /** Keeps the account beside the logs, for who looks into a home afterwards. */
  keep(ledger: LedgerAnswer): void {
    writeFileSync(this.#home.log('ledger'), `${JSON.stringify(ledger)}\n`);
  }

  #plan(): void {
    for (const { id, sensors } of this.#devices) {
      for (const sensor of sensors) {
        const link = this.#home.port(id, sensor.id);
        const record = this.#home.record(id, sensor.id);
        const words = [
          'simulate',
          ...sensor.simulate,
          '--link',
          link,
          '--record',
          record,
          '--control',
          '--hold',
        ];
        this.#simulators.push(this.#child(`simulator-${id}-${sensor.id}`, () => words));
      }
      this.#agents.push(this.#child(`agent-${id}`, () => ['agent', '--config', this.#home.agentConfig(id)]));
    }
  }

  #child(name: string, words: () => readonly string[]): Child {
    return new Child({
      name,
      words,
      logFile: this.#home.log(name),
      onRestart: (child, howItDied) => {
        this.#options.say(`${name}: ${howItDied}; started again as pid ${child.pid}`);
        if (this.#speaking && this.#simulators.includes(child)) void child.order('start', ORDER_DEADLINE_MS);
      },
    });
  }

  #gatewayWords(): string[] {
    const { dashboard, mqtt } = this.#urls;
    const httpPort = dashboard ? new URL(dashboard).port : String(this.#options.httpPort);
    const mqttPort = mqtt ? new URL(mqtt).port : String(this.#options.mqttPort);
    return ['gateway', '--home', this.#home.path, '--http-port', httpPort, '--mqtt-port', mqttPort];
  }

  async #allOnline(): Promise<void> {
    const deadlineMs = performance.now() + ONLINE_DEADLINE_MS;
    for (;;) {
      const { devices } = await this.client.get('/api/v1/devices', DevicesAnswer);
      const missing = this.#devices.filter(
        ({ id }) => !devices.some((each) => each.id === id && each.online),
      );
      if (missing.length === 0 || this.#options.interrupted.aborted) return;
      if (performance.now() > deadlineMs) {
        const names = missing.map(({ id }) => id).join(', ');
        throw new FieldlineError('CLI_DEMO_FAILED', {
          subject: names,
          detail: `Not online after a minute; see ${this.#home.log('agent-…')}.`,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Watches the live socket as a screen would, so that there is a latency to the screen without one. */
  #follow(): void {
    if (this.#isStopping) return;
    this.#closeFeed = openLiveFeed({
      url: this.client.socketUrl('/api/v1/live'),
      headers: this.client.headers,
      streams: ['*'],
      onMessage: () => {},
      onEnd: () => setTimeout(() => this.#follow(), FEED_RETRY_MS),
    });
  }

  #ready(): DemoReady {
    const { dashboard, mqtt } = this.#urls;
    return {
      dashboard,
      mqtt,
      home: this.#home.path,
      pids: {
        gateway: this.#gateway.pid,
        agents: this.#agents.map(({ pid }) => pid),
        simulators: this.#simulators.map(({ pid }) => pid),
      },
    };
  }
}
