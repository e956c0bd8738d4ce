/** An order on the standard input of a virtual sensor. */
export type ControlCommand =
  | { readonly name: 'start' | 'stop' | 'unplug' | 'replug' | 'totals' }
  | { readonly name: 'value'; readonly value: number }
  | { readonly name: 'garbage'; readonly count: number };

const GARBAGE_BYTES_MAX = 100_000;

/** Reads one line; undefined where it is no order. */
export function parseCommand(line: string): ControlCommand | undefined {
  const [name, argument, ...rest] = line.trim().split(/\s+/);
  if (rest.length > 0) return undefined;
  if (name === 'value' || name === 'garbage') return withNumber(name, Number(argument ?? NaN));
  if (argument !== undefined) return undefined;
  return (['start', 'stop', 'unplug', 'replug', 'totals'] as const)
    .filter((known) => known === name)
    .map((known) => ({ name: known }))[0];
}

function withNumber(name: 'value' | 'garbage', figure: number): ControlCommand | undefined {
  if (!Number.isFinite(figure)) return undefined;
  if (name === 'value') return { name, value: figure };
  return Number.isInteger(figure) && figure > 0 && figure <= GARBAGE_BYTES_MAX
    ? { name, count: figure }
    : undefined;
}
