/**
 * What goes when the outbox is full: the oldest batches, the newest readings, or the detail of the oldest batches,
 * which live on as coarser windows.
 */
export type WhenFull = (typeof whenFullChoices)[number];

/** The choices, as the configuration names them. */
export const whenFullChoices = ['drop-oldest', 'drop-newest', 'thin'] as const;
