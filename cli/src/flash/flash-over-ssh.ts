import { FieldlineError, type Result } from '@fieldline/protocol';
import {
  installOverSsh,
  judgeSpace,
  missingPorts,
  openSsh,
  probeDevice,
  type Installed,
  type ProbedDevice,
  type SentFile,
  type SshSession,
} from '@fieldline/provision/ssh';
import type { CommandIo } from '../command/command-io.ts';
import { GatewayClient } from '../gateway/gateway-client.ts';
import { agentWords } from './agent-words.ts';
import type { Asker } from './ask.ts';
import { awaitDelivery, deliveryMark } from './await-delivery.ts';
import type { DeviceOptions } from './device-options.ts';
import { PhaseLine } from './phase-line.ts';
import { revokeDevice } from './revoke-device.ts';
import { missingPackages, sshChange, sshWish, type SshChange, type SshWish } from './ssh-change.ts';
import { rememberHost, sshTarget, type SshOptions } from './ssh-target.ts';

/** What `flash ssh` is told. */
export type FlashSshOptions = SshOptions &
  Pick<
    DeviceOptions,
    | 'name'
    | 'gateway'
    | 'config'
    | 'packages'
    | 'passwordFile'
    | 'api'
    | 'token'
    | 'home'
    | 'noWait'
    | 'wait'
    | 'json'
  >;

interface Work {
  readonly destination: string;
  readonly options: FlashSshOptions;
  readonly asker: Asker;
  readonly io: CommandIo;
}

/** What was found, and what is to be done about it. */
interface Plan extends SshWish, SshChange {
  readonly device: ProbedDevice;
  readonly packages: readonly SentFile[];
}

/**
 * Installs over SSH, waits for what the device delivers, and keeps it or takes it back. A device that is as it shall be
 * is left alone. Answers the exit code; throws the refusals of each step as FieldlineError.
 */
export async function flashOverSsh(work: Work): Promise<number> {
  const { destination, options } = work;
  const target = sshTarget(destination, options);
  work.io.progress(`Connecting to ${destination}`);
  const session = orThrow(await openSsh(target), destination);
  try {
    if (session.isNewHost) rememberHost(target, session, options);
    const plan = await planned(session, work);
    const seconds = isDone(plan) ? await arrival(plan, work) : await install(session, plan, work);
    tell(plan, seconds, work);
    return 0;
  } finally {
    session.end();
  }
}

/** Everything that can be refused is looked at before the gateway is asked for a credential. */
async function planned(session: SshSession, { destination, options, asker, io }: Work): Promise<Plan> {
  io.progress('Looking at the device');
  const device = orThrow(await probeDevice(session), destination);
  const wish = await sshWish(device, options, asker);
  const ports = await missingPorts(session, wish.ports);
  if (ports.length > 0)
    throw new FieldlineError('SSH_PORT_MISSING', { subject: destination, detail: `${ports.join(', ')}.` });
  const packages = await missingPackages(device, {
    destination,
    folder: options.packages,
    onStep: io.progress,
  });
  orThrow(judgeSpace(device, packages), destination);
  return { ...wish, ...(await sshChange(wish, device, options)), device, packages };
}

function isDone({ packages, config, credential, device }: Plan): boolean {
  return packages.length === 0 && config === undefined && credential.kind === 'kept' && device.isActive;
}

/** Answers the seconds until the device delivered; undefined where nobody waits. */
async function install(session: SshSession, plan: Plan, work: Work): Promise<number | undefined> {
  const { destination, io } = work;
  const line = new PhaseLine(() => performance.now());
  const onProgress = (bytes: number, total: number): void =>
    io.progress(bytes < total ? line.text({ phase: 'upload', bytes, total }) : 'Installing');
  let installed: Installed | undefined;
  try {
    const signal = io.interrupted;
    installed = orThrow(
      await installOverSsh(session, plan.device, { ...plan, onProgress, signal }),
      destination,
    );
    const seconds = await start(installed, plan, work);
    await installed.keep();
    return seconds;
  } catch (cause) {
    // A broken connection leaves the device with its new credential, which the next run goes on with.
    if (cause instanceof FieldlineError && cause.code === 'SSH_CONNECTION_LOST') throw cause;
    if (plan.isRegistered) await revokeDevice(plan.name, work.options).catch(() => undefined);
    if (installed) await takeBack(installed, work);
    throw cause;
  }
}

async function start(installed: Installed, plan: Plan, work: Work): Promise<number | undefined> {
  const { destination, options, io } = work;
  const client = clientOf(options);
  // The agent stands still: whatever comes from now on comes of the new one.
  const mark = options.noWait ? undefined : await deliveryMark(client, plan.name);
  orThrow(await installed.start(), destination);
  if (mark === undefined) return undefined;
  const seconds = await awaitDelivery(client, { device: plan.name, mark, waitUs: options.wait }, io);
  if (seconds !== undefined) return seconds;
  const said = agentWords(await installed.lastWords());
  throw new FieldlineError('SSH_NOT_DELIVERING', {
    subject: plan.name,
    detail: said === '' ? '' : `The agent says: ${said}`,
  });
}

async function arrival({ name }: Plan, { options, io }: Work): Promise<number | undefined> {
  if (options.noWait) return undefined;
  const mark = { atUs: 0, taken: -1 };
  const seconds = await awaitDelivery(clientOf(options), { device: name, mark, waitUs: options.wait }, io);
  if (seconds !== undefined) return seconds;
  throw new FieldlineError('SSH_NOT_REPORTING', { subject: name });
}

async function takeBack(installed: Installed, { destination, io }: Work): Promise<void> {
  io.progress('Taking it back');
  orThrow(await installed.rollBack(), destination);
}

function tell(plan: Plan, seconds: number | undefined, { destination, options, io }: Work): void {
  const { name, device, packages, config } = plan;
  const isChanged = !isDone(plan);
  if (options.json) {
    io.printJson({
      device: name,
      host: destination,
      arch: device.arch,
      changed: isChanged,
      packages: packages.map((each) => each.name),
      configWritten: config !== undefined,
      delivered: seconds !== undefined,
      ...(seconds !== undefined && { seconds }),
    });
    return;
  }
  if (!isChanged) io.print(`Unchanged ${destination} is as it shall be`);
  else io.print(`${io.style.good('Installed')} on ${destination}: ${changesOf(plan)}`);
  if (seconds !== undefined) io.print(`${io.style.good('Online')}    ${name} delivers, after ${seconds} s`);
}

function changesOf({ packages, config }: Plan): string {
  const parts = [...packages.map((each) => each.name), ...(config === undefined ? [] : ['agent.yaml'])];
  return parts.length === 0 ? 'started' : parts.join(', ');
}

function clientOf({ api, token, home }: FlashSshOptions): GatewayClient {
  return new GatewayClient({ gateway: api, token, home });
}

function orThrow<Value>(result: Result<Value>, subject: string): Value {
  if (result.ok) return result.value;
  const { code, detail } = result.refusal;
  throw new FieldlineError(code, { subject, detail });
}
