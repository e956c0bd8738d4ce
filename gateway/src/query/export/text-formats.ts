import type { StreamInfo } from '@fieldline/protocol';
import { encodeFloat, encodeKey, encodeMeasurement } from '../../sinks/influxdb/line-protocol.ts';
import { rowsIn, type ExportFormat, type ExportRow } from './export-format.ts';
import type { ExportPage } from './export-pages.ts';

const csvHead = 'time,device,sensor,quantity,unit,value,quality,window_end,count,min,max,stddev';

/** RFC 4180, one row a reading or window; times are RFC 3339 with microseconds. */
export function csvFormat(): ExportFormat {
  return {
    contentType: 'text/csv; charset=utf-8',
    extension: 'csv',
    begin: () => `${csvHead}\r\n`,
    page: (page) => {
      const { device, sensor, quantity } = page.stream;
      const name = [device, sensor, quantity, page.unit].map(csvText).join(',');
      return textOf(page, (row) => `${rfc3339(row.tUs)},${name},${row.value},${csvRest(row)}\r\n`);
    },
    end: () => '',
  };
}

/** A JSON document a line; times are µs. */
export function ndjsonFormat(): ExportFormat {
  return {
    contentType: 'application/x-ndjson',
    extension: 'ndjson',
    begin: () => '',
    page: (page) => {
      const head = `{"stream":${JSON.stringify(page.stream.stream)},"unit":${JSON.stringify(page.unit)}`;
      return textOf(page, ({ tUs, value, quality, window }) => {
        const rest = window
          ? `"end":${window.endUs},"count":${window.count},"mean":${value},"min":${window.min},"max":${window.max},"stddev":${window.stddev}`
          : `"value":${value},"quality":${quality}`;
        return `${head},"t":${tUs},${rest}}\n`;
      });
    },
    end: () => '',
  };
}

/**
 * InfluxDB's line protocol, for `precision=u`, named as the sink of this gateway names points: readings of one time are kept
 * apart by a tag `dup`. Throws POINT_NOT_ENCODABLE for names that it cannot carry.
 */
export function lineFormat(
  tagsOf: (device: string) => Readonly<Record<string, string>>,
  refuse: (detail: string) => Error,
): ExportFormat {
  const encoded = (result: ReturnType<typeof encodeKey>): string => {
    if (result.ok) return result.value;
    throw refuse(result.refusal.detail);
  };
  const headOf = ({ device, sensor, type, window }: StreamInfo, isWindow: boolean): string => {
    const tags = { ...tagsOf(device), device, sensor, ...(isWindow && window !== null ? { window } : {}) };
    const pairs = Object.entries(tags).map(([key, value]) => `,${encoded(encodeKey(key))}=${encoded(encodeKey(value))}`); // prettier-ignore
    return encoded(encodeMeasurement(type)) + pairs.join('');
  };
  return {
    contentType: 'text/plain; charset=utf-8',
    extension: 'line',
    begin: () => '',
    page: (page) => {
      const field = encoded(encodeKey(page.stream.quantity));
      const heads = [headOf(page.stream, false), headOf(page.stream, true)];
      let beforeUs = NaN;
      let dup = 1;
      return textOf(page, (row) => {
        dup = row.tUs === beforeUs ? dup + 1 : 1;
        beforeUs = row.tUs;
        const head = `${row.window ? heads[1] : heads[0]}${dup > 1 ? `,dup=${dup}` : ''}`;
        return `${head} ${fieldsOf(field, row)} ${row.tUs}\n`;
      });
    },
    end: () => '',
  };
}

function fieldsOf(field: string, { value, quality, window }: ExportRow): string {
  if (!window) {
    const quantity = `${field}=${encodeFloat(value)}`;
    return quality === 0 ? quantity : `${quantity},${field}_quality=${quality}`;
  }
  const { count, min, max, endUs } = window;
  return `${field}_count=${count},${field}_mean=${value},${field}_sum=${value * count},${field}_min=${min},${field}_max=${max},window_end=${endUs}`;
}

function csvRest({ quality, window }: ExportRow): string {
  if (!window) return `${quality},,,,,`;
  const { endUs, count, min, max, stddev } = window;
  return `,${rfc3339(endUs)},${count},${min},${max},${stddev ?? ''}`;
}

/**
 * Units are what devices call them. A spreadsheet reckons what begins like a formula, quoted or not: an apostrophe before
 * it says that it is text.
 */
function csvText(text: string): string {
  const marked = /^[-=+@]/.test(text) ? `'${text}` : text;
  return /^[\w%/.-]*$/.test(marked) ? marked : `"${marked.replaceAll('"', '""')}"`;
}

function rfc3339(us: number): string {
  const ms = Math.floor(us / 1000);
  const beyondMs = String(us - ms * 1000).padStart(3, '0');
  return new Date(ms).toISOString().replace('Z', `${beyondMs}Z`);
}

function textOf(page: ExportPage, lineOf: (row: ExportRow) => string): string {
  let text = '';
  for (const row of rowsIn(page)) text += lineOf(row);
  return text;
}
