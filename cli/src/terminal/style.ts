type Paint = (text: string) => string;

/** Emphasis for terminals; each returns its text unchanged where there is no colour. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly warn: Paint;
  readonly bad: Paint;
  readonly link: Paint;
}

/** Emphasis by the sixteen colours that every terminal and every theme has. */
export function style(hasColour: boolean): Style {
  const paint =
    (on: number, off: number): Paint =>
    (text) =>
      hasColour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    good: paint(32, 39),
    warn: paint(33, 39),
    bad: paint(31, 39),
    link: paint(36, 39),
  };
}
