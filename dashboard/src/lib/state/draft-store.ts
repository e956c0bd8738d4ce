import { isConfig, type Config } from '../config/difference.ts';

/** A change that is not applied yet: its text, and what it was made from. */
export interface KeptDraft {
  readonly text: string;
  readonly version: number;
  readonly base: Config;
}

function keyOf(device: string): string {
  return `fieldline.draft.${device}`;
}

/** Keeps a draft in this tab, over reloads and the end of a session; undefined forgets it. */
export function keepDraft(device: string, draft: KeptDraft | undefined): void {
  try {
    if (draft) sessionStorage.setItem(keyOf(device), JSON.stringify(draft));
    else sessionStorage.removeItem(keyOf(device));
  } catch {
    // Storage is full or switched off: the draft lives as long as the page.
  }
}

/** The draft of this device that was kept; undefined where there is none. */
export function keptDraft(device: string): KeptDraft | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(keyOf(device)) ?? 'null');
    if (!isConfig(kept) || typeof kept['text'] !== 'string') return undefined;
    const { text, version, base } = kept;
    return typeof version === 'number' && isConfig(base) ? { text, version, base } : undefined;
  } catch {
    return undefined;
  }
}
