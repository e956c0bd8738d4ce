/** The colours of a drawing on canvas, read from the tokens: they change with the theme. */
export interface Palette {
  readonly line: string;
  readonly band: string;
  readonly rule: string;
  readonly label: string;
  readonly gap: string;
  readonly gapInk: string;
  readonly paper: string;
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
  };
}
