/** The colours of a drawing on canvas, read from the tokens: they change with the theme. */
export interface Palette {
  readonly line: string;
  readonly band: string;
  readonly rule: string;
  readonly label: string;
  readonly gap: string;
  readonly gapInk: string;
  readonly paper: string;
  readonly accent: string;
  readonly warn: string;
  readonly bad: string;
}

/** The font of labels on canvas; canvas knows no custom properties. */
export const labelFont = '400 11px "IBM Plex Sans Variable", "IBM Plex Sans", system-ui, sans-serif';

/** Before a chart is mounted, nothing has a colour. */
export const unpainted: Palette = {
  line: 'transparent',
  band: 'transparent',
  rule: 'transparent',
  label: 'transparent',
  gap: 'transparent',
  gapInk: 'transparent',
  paper: 'transparent',
  accent: 'transparent',
  warn: 'transparent',
  bad: 'transparent',
};

/** Reads the tokens as they hold for `element`; `series` is 1 to 6. */
export function readPalette(element: Element, series: number): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const line = token(`--series-${series}`);
  return {
    line,
    band: `color-mix(in srgb, ${line} 22%, transparent)`,
    rule: token('--rule'),
    label: token('--ink-3'),
    gap: token('--gap'),
    gapInk: token('--gap-ink'),
    paper: token('--paper'),
    accent: token('--accent'),
    warn: token('--warn'),
    bad: token('--bad'),
  };
}

/** Calls `listener` whenever the theme may have changed, until the returned function is called. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const choice = new MutationObserver(listener);
  system.addEventListener('change', listener);
  choice.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    system.removeEventListener('change', listener);
    choice.disconnect();
  };
}
