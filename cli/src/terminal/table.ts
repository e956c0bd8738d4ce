import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';

/** One column: its head, and to which side its cells lean. */
export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

/**
 * Rows under dim heads, columns two spaces apart; widths do not count colour codes. A column given by its head alone
 * leans to the left.
 */
export function table(
  heads: readonly (Column | string)[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  const columns = heads.map((head): Column => (typeof head === 'string' ? { head } : head));
  const widths = columns.map(({ head }, index) =>
    Math.max(head.length, ...rows.map((row) => visibleLength(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align))
      .join('  ')
      .trimEnd();
  return [style.dim(line(columns.map(({ head }) => head))), ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - visibleLength(cell)));
  return align === 'right' ? space + cell : cell + space;
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** A whole number with thin groups of three: `1 234 567`. */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}
