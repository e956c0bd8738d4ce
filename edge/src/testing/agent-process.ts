import { startAgent } from '../agent.ts';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { silentLogger } from '../logger.ts';

/** An agent in a process of its own, so that tests can kill it: `node agent-process.ts CONFIG`. */
const config = await loadAgentConfig(process.argv[2] ?? '');
const agent = await startAgent(config, { logger: silentLogger });
process.once('SIGTERM', () => void agent.stop().then(() => process.exit(0)));
