import type { GatewayOptions, RunningGateway } from '@fieldline/gateway';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { startChromium } from '../services/chromium.ts';
import { openPage, type WatchedPage } from './dashboard-checks.ts';
import { startDashboard, TestDevice, type DashboardFixture } from './dashboard-fixture.ts';

/** What the browser tests of one `describe` share: a real gateway with the dashboard, a browser, and devices. */
export interface DashboardScene {
  readonly fixture: DashboardFixture;
  readonly gateway: RunningGateway;
  readonly browser: Browser;
  /** The whole address of a path of the dashboard. */
  address(path: string): string;
  /** Registers and connects a device that hangs up when the tests are over. */
  device(id: string, agentVersion?: string): Promise<TestDevice>;
  /** Opens a path of the dashboard in a fresh context. */
  open(path: string, options?: BrowserContextOptions): Promise<WatchedPage>;
}

/**
 * Starts a gateway with `settings` and a browser before the tests of this `describe`, then lets `begin` fill them; ends all of
 * it after them.
 */
export function dashboardScene(
  begin: (scene: DashboardScene) => Promise<void>,
  settings: Partial<GatewayOptions> = {},
): DashboardScene {
  let started: { fixture: DashboardFixture; browser: Browser } | undefined;
  const devices: TestDevice[] = [];
  const present = () => {
    if (!started) throw new Error('the scene begins with the tests');
    return started;
  };
  const scene: DashboardScene = {
    get fixture() {
      return present().fixture;
    },
    get gateway() {
      return present().fixture.gateway;
    },
    get browser() {
      return present().browser;
    },
    address: (path) => new URL(path, scene.gateway.httpUrl).href,
    async device(id, agentVersion) {
      const device = await TestDevice.register(scene.gateway, id, agentVersion);
      devices.push(device);
      return device;
    },
    open: (path, options) => openPage(scene.browser, scene.address(path), options),
  };
  beforeAll(async () => {
    const fixture = await startDashboard(settings);
    started = { fixture, browser: await startChromium() };
    await begin(scene);
  });
  afterAll(async () => {
    await started?.browser.close();
    for (const device of devices) await device.stop();
    await started?.fixture.stop();
  });
  return scene;
}
