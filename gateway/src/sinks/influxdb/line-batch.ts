/** Lines on their way to InfluxDB, each with the entry that it came from. */
export class LineBatch {
  readonly lines: string[] = [];
  /** By line: its entry's place among the entries of the write. */
  readonly entries: number[] = [];

  add(line: string, entry: number): void {
    this.lines.push(line);
    this.entries.push(entry);
  }
}

/**
 * What a refused line of ours carried, by `sensor/quantity`, for the ledger: one a reading, the count of a
 * window, nothing where the points are `extra` or a gap. Reads only what `batch-to-lines.ts` writes.
 *
 * `reason`: what InfluxDB said. Where one field has another type than before, it stores the other fields of
 * the line ("field type conflict: input field "x" …"), so that one alone is counted.
 */
export function countsOfLine(line: string, reason: string): Record<string, number> {
  const [series = '', fields = ''] = line.split(/(?<!\\) /);
  const tags = new Map(
    series
      .split(/(?<!\\),/)
      .slice(1)
      .map(splitPair),
  );
  const sensor = tags.get('sensor');
  if (sensor === undefined || tags.has('extra') || series.startsWith('fieldline_')) return {};
  const conflict = /field type conflict: input field "([^"]+)"/.exec(reason)?.[1];
  const counts: Record<string, number> = {};
  for (const [name, value] of fields.split(',').map(splitPair)) {
    if (conflict !== undefined && name !== conflict) continue;
    if (tags.has('window')) {
      if (name.endsWith('_count')) counts[`${sensor}/${name.slice(0, -'_count'.length)}`] = Number(value);
    } else if (!name.endsWith('_quality')) counts[`${sensor}/${name}`] = 1;
  }
  return counts;
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}
