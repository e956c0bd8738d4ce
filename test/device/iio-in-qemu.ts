import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleAgent, type AgentBundle } from '../../edge/bundle/bundle-agent.ts';
import { packCpio, type CpioEntry } from './cpio.ts';
import { unpackKernel } from './kernel.ts';

/** In the order in which they are loaded: each needs only those before it. */
const modules = [
  'configfs',
  'industrialio',
  'industrialio-configfs',
  'industrialio-sw-trigger',
  'iio-trig-hrtimer',
  'kfifo_buf',
  'industrialio-triggered-buffer',
  'i2c-stub',
  'i2c-dev',
  'ti-ads1015',
  'e1000',
];
const moduleOptions: Readonly<Record<string, string>> = { 'i2c-stub': 'chip_addr=0x48,0x49' };

/** How the machine is to be made. */
export interface MachineOptions {
  /** A folder for what is built; it is not cleared. */
  readonly folder: string;
  readonly kernelPackage: string;
  readonly qemu: string;
  readonly busybox: string;
  /** The runtime that the guest gets: an x86-64 Node, with the libraries that it has here. */
  readonly node: string;
  /** The agent's configuration; the host's loopback is 10.0.2.2 from within. */
  readonly agentYaml: string;
}

/** A machine that runs. */
export interface Machine {
  readonly process: ChildProcess;
  /** What its console has shown so far. */
  console(): string;
  /** Switches it off at once, and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Boots Debian's kernel in an emulator, without KVM and without rights, with two ADS1015 converters on an
 * emulated I2C bus and the bundled agent: `iio:device0` holds still at 1024 counts; `iio:device1` goes through
 * 256, 512, 2047 (its upper rail) and -256 counts, half a second each, and can be captured with the trigger
 * `t1` at 50 Hz. A count is 1 mV.
 */
export async function bootMachine(options: MachineOptions): Promise<Machine> {
  const { folder, qemu } = options;
  const kernel = unpackKernel(options.kernelPackage, modules);
  const bundle = await bundleAgent({ folder: join(folder, 'app'), platforms: ['linux-x64'] });
  const initrd = join(folder, 'initrd.cpio');
  writeFileSync(
    initrd,
    packCpio([...systemFiles(options), ...moduleFiles(kernel), ...appFiles(bundle, options)]),
  );
  const child = spawn(qemu, qemuArguments(kernel.imagePath, initrd), { stdio: ['ignore', 'pipe', 'pipe'] });
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (shown += String(chunk)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    process: child,
    console: () => shown,
    stop() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

function qemuArguments(kernel: string, initrd: string): string[] {
  return [
    ...['-M', 'pc', '-cpu', 'max', '-smp', '2', '-m', '768', '-accel', 'tcg,thread=multi'],
    ...['-nographic', '-no-reboot', '-nodefaults', '-serial', 'stdio'],
    ...['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1 rdinit=/init'],
    ...['-netdev', 'user,id=n0', '-device', 'e1000,netdev=n0,romfile='],
  ];
}

function systemFiles({ busybox, node }: MachineOptions): CpioEntry[] {
  const init = readFileSync(fileURLToPath(new URL('guest-init.sh', import.meta.url)));
  const libraries = execFileSync('ldd', [node], { encoding: 'utf8' }).match(/\/\S+(?= \()/g) ?? [];
  return [
    executable('init', init),
    executable('bin/busybox', readFileSync(busybox)),
    executable('app/node', readFileSync(node)),
    ...[...new Set(libraries)].map((path) => executable(path.slice(1), readFileSync(path))),
  ];
}

function moduleFiles(kernel: { module(name: string): Buffer }): CpioEntry[] {
  const options = Object.entries(moduleOptions).map(([name, text]) => plain(`modules/${name}.options`, text));
  const order = plain('modules/order', `${modules.join('\n')}\n`);
  return [order, ...options, ...modules.map((name) => plain(`modules/${name}.ko`, kernel.module(name)))];
}

function appFiles({ program, addons }: AgentBundle, { folder, agentYaml }: MachineOptions): CpioEntry[] {
  const files = [program, ...addons].map((path) => plain(relative(folder, path), readFileSync(path)));
  return [...files, plain('app/agent.yaml', agentYaml)];
}

function plain(path: string, bytes: string | Uint8Array): CpioEntry {
  return { path, mode: 0o100644, bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes };
}

function executable(path: string, bytes: Uint8Array): CpioEntry {
  return { path, mode: 0o100755, bytes };
}
