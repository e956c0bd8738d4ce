export { startAgent, stopDeadlineMs, type Agent, type AgentOptions } from './agent.ts';
export type { AgentConfig, SensorConfig } from './config/agent-config.ts';
export { loadAgentConfig } from './config/load-agent-config.ts';
export { loadOrRepair } from './config/load-or-repair.ts';
export type { Logger } from './logger.ts';
export { LineAggregator, lineStatistics, type LineStatistic } from './filters/line-aggregator.ts';
export { publishLines, publishLinesMax, type PublishOutcome } from './filters/publish-lines.ts';
export { SensorReading, type SensorReadingOptions } from './filters/read-sensor.ts';
export { parseReadingLine, ReadingLine } from './filters/reading-line.ts';
