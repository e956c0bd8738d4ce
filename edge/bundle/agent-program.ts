import { giveBuffersOwnMemory, loadOrRepair, startAgent } from '../src/index.ts';

/** A full collection takes 10 to 20 ms on a PC. */
const collectEveryMs = 30_000;

/**
 * The program of a device, `node agent.cjs --config FILE`: runs the agent until SIGTERM or SIGINT, which end it
 * in order. It is what `fieldline agent` is without the rest of the command. Exits 2 where the file cannot
 * run and nothing says who the device is.
 */
async function main(): Promise<void> {
  giveBuffersOwnMemory();
  const config = await loadOrRepair(configPath(process.argv.slice(2)));
  if (config.failure !== undefined) process.stderr.write(`fieldline-agent: ${config.failure}\n`);
  const agent = await startAgent(config);
  const stop = (): void => void agent.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  collectOften();
}

/**
 * Only where the unit exposes the collector: what the start needed once goes now, and then what outlived a few
 * collections of the young objects goes each half minute. Left to itself the engine would let 8 MB of it gather first.
 */
function collectOften(): void {
  const { gc } = globalThis;
  if (gc === undefined) return;
  gc();
  setInterval(() => gc(), collectEveryMs).unref();
}

function configPath(words: readonly string[]): string {
  const [option, path] = words;
  if (option === '--config' && path !== undefined && words.length === 2) return path;
  process.stderr.write('usage: agent.cjs --config FILE\n');
  process.exit(2);
}

main().catch((cause: unknown) => {
  process.stderr.write(`fieldline-agent: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exit(2);
});
