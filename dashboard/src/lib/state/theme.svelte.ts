/** What the reader chose; `system` follows the operating system. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const next: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
const storageKey = 'fieldline.theme';

/** Light or dark: the choice is kept in this browser; `public/theme.js` applies it before the first paint. */
export class Theme {
  choice = $state<ThemeChoice>(readChoice());

  /** System, light, dark, and around again. */
  change(): void {
    this.choice = next[this.choice];
    if (this.choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.choice;
    try {
      if (this.choice === 'system') localStorage.removeItem(storageKey);
      else localStorage.setItem(storageKey, this.choice);
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
  }
}

function readChoice(): ThemeChoice {
  const choice = document.documentElement.dataset['theme'];
  return choice === 'light' || choice === 'dark' ? choice : 'system';
}
