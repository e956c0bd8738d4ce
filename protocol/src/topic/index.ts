export * from './topic.ts';
