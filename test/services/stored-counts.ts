import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeReadings } from '../../gateway/src/sinks/embedded/blocks/readings.ts';
import { decodeWindows } from '../../gateway/src/sinks/embedded/blocks/windows.ts';

/** Readings that the embedded store under `home` holds, by stream: read row by row from its blocks with a connection of our own. */
export function countEmbedded(home: string): Map<string, number> {
  const database = new DatabaseSync(join(home, 'store.db'), { readOnly: true });
  try {
    const counts = new Map(
      database
        .prepare('SELECT device, sensor, quantity FROM stream WHERE extra = 0')
        .all()
        .map((row) => [`${String(row['device'])}/${String(row['sensor'])}/${String(row['quantity'])}`, 0]),
    );
    const blocks = database.prepare(
      `SELECT device || '/' || sensor || '/' || quantity AS stream, grain, rows, data
       FROM block JOIN stream ON stream.id = block.stream JOIN block_data ON block_data.id = block.id WHERE extra = 0`,
    );
    for (const block of blocks.iterate()) {
      const name = String(block['stream']);
      counts.set(name, (counts.get(name) ?? 0) + readingsIn(block));
    }
    return counts;
  } finally {
    database.close();
  }
}

/** Readings that the bytes of a block hold, whatever stands beside them. */
function readingsIn({ grain, rows, data }: Record<string, unknown>): number {
  if (!(data instanceof Uint8Array)) throw new TypeError('a block without bytes');
  if (grain === 0) return decodeReadings(data, Number(rows)).v.length;
  return decodeWindows(data, Number(rows)).count.reduce((sum, count) => sum + count, 0);
}

/** One series of an answer of InfluxDB; times are µs. */
export interface InfluxSeries {
  readonly tags: { readonly device: string; readonly sensor: string };
  readonly columns: string[];
  readonly values: (number | null)[][];
}

/**
 * Readings that InfluxDB holds in `measurements`, by stream, asked with plain InfluxQL as any other program
 * would: points of each field, and the sums of the `…_count` fields of windows.
 */
export async function countInflux(
  url: string,
  measurements: readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const measurement of measurements) {
    const fields = await influxQuery(url, `SELECT count(*) FROM "${measurement}" GROUP BY device, sensor`);
    const sums = await influxQuery(
      url,
      `SELECT sum(/_count$/) FROM "${measurement}" GROUP BY device, sensor`,
    );
    addCounts(
      counts,
      fields,
      /^count_((?!.*_(?:count|sum|mean|min|max|first|last|m2|sketch|quality)$)(?!window_end).*)$/,
    );
    addCounts(counts, sums, /^sum_(.*)_count$/);
  }
  return counts;
}

function addCounts(counts: Map<string, number>, series: readonly InfluxSeries[], pattern: RegExp): void {
  for (const { tags, columns, values } of series) {
    for (const [index, column] of columns.entries()) {
      const quantity = pattern.exec(column)?.[1];
      const count = values[0]?.[index];
      if (quantity === undefined || !count) continue;
      const stream = `${tags.device}/${tags.sensor}/${quantity}`;
      counts.set(stream, (counts.get(stream) ?? 0) + count);
    }
  }
}

/** Asks InfluxDB in InfluxQL, without Fieldline in between. */
export async function influxQuery(url: string, query: string): Promise<readonly InfluxSeries[]> {
  const address = new URL('/query', url);
  address.search = new URLSearchParams({ db: 'fieldline', q: query, epoch: 'u' }).toString();
  const response = await fetch(address);
  const answer = (await response.json()) as { results: { series?: InfluxSeries[]; error?: string }[] };
  const result = answer.results[0];
  if (result?.error !== undefined) throw new Error(`InfluxDB: ${query}: ${result.error}`);
  return result?.series ?? [];
}
