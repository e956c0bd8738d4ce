export * from './codec/index.ts';
export * from './column/index.ts';
export * from './settings/index.ts';
export * from './errors/index.ts';
export * from './schema/index.ts';
export * from './topic/index.ts';
