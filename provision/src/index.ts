export * from './disk/disk.ts';
export * from './disk/list-disks.ts';
export * from './first-boot/device-settings.ts';
export type { AgentFiles } from './first-boot/install-script.ts';
export * from './flash-image.ts';
export { openImage, type ImageSource } from './image/open-image.ts';
export { BlockTarget } from './target/block-target.ts';
