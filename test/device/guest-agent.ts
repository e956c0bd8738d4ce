import { loadAgentConfig } from '../../edge/src/config/load-agent-config.ts';
import { startAgent } from '../../edge/src/agent.ts';

/** The program of the emulated machine: `node agent.cjs CONFIG`. */
async function main(): Promise<void> {
  const config = await loadAgentConfig(process.argv[2] ?? '');
  const agent = await startAgent(config);
  process.once('SIGTERM', () => void agent.stop().then(() => process.exit(0)));
}

void main();
