/** Made by the build from the lock file (`vite.config.ts`): what ships with the product, by name. */
declare module 'virtual:licences' {
  /** One package. */
  export interface ShippedPackage {
    readonly name: string;
    readonly version: string;
    /** As its package says, an SPDX expression; undefined where it says nothing. */
    readonly licence?: string;
  }
  export const licences: readonly ShippedPackage[];
}
