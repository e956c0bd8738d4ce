import type { ExportPage } from './export-pages.ts';

/** A way to write an export: what comes first, what each page becomes, what comes last. Made anew for each export. */
export interface ExportFormat {
  readonly contentType: string;
  /** Of the file's name. */
  readonly extension: string;
  begin(): Uint8Array | string;
  page(page: ExportPage): Uint8Array | string;
  end(): Uint8Array | string;
}

/** One row of an export: a reading, or a window, of which `value` is the mean. */
export interface ExportRow {
  readonly tUs: number;
  readonly value: number;
  /** 0 good, 1 uncertain, 2 bad; null for a window. */
  readonly quality: number | null;
  readonly window: ExportWindow | null;
}

/** What a window has besides. */
export interface ExportWindow {
  readonly endUs: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  /** Of a sample; null for one reading. */
  readonly stddev: number | null;
}

/** The rows of a page: readings in order of time, then windows in order of their starts. */
export function* rowsIn({ readings, windows }: ExportPage): Generator<ExportRow> {
  const { t, v, q } = readings;
  for (let row = 0; row < t.length; row++) {
    yield { tUs: t[row]!, value: v[row]!, quality: q?.[row] ?? 0, window: null };
  }
  for (let row = 0; row < windows.start.length; row++) {
    const count = windows.count[row]!;
    const stddev = count > 1 ? Math.sqrt(windows.m2[row]! / (count - 1)) : null;
    const window = {
      endUs: windows.end[row]!,
      count,
      min: windows.min[row]!,
      max: windows.max[row]!,
      stddev,
    };
    yield { tUs: windows.start[row]!, value: windows.sum[row]! / count, quality: null, window };
  }
}
