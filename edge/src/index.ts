export { startAgent, stopDeadlineMs, type Agent, type AgentOptions } from './agent.ts';
export type { AgentConfig, SensorConfig } from './config/agent-config.ts';
export { loadAgentConfig } from './config/load-agent-config.ts';
export { loadOrRepair } from './config/load-or-repair.ts';
export type { Logger } from './logger.ts';
