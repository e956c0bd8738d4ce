export * from './flash-image.ts';
export * from './first-boot/device-settings.ts';
export type { AgentFiles } from './first-boot/install-script.ts';
export { BlockTarget } from './target/block-target.ts';
