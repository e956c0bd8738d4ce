export * from './errors/index.ts';
export * from './schema/index.ts';
