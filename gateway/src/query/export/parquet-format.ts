import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { rowsIn, type ExportFormat, type ExportRow } from './export-format.ts';

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];

const time = {
  type: 'INT64',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
} as const;
const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;

/** Apache Parquet, a row group a page; the columns of the CSV export with their types. */
const schema: Schema = [
  { name: 'root', num_children: 12 },
  { name: 'time', repetition_type: 'REQUIRED', ...time },
  { name: 'device', repetition_type: 'REQUIRED', ...text },
  { name: 'sensor', repetition_type: 'REQUIRED', ...text },
  { name: 'quantity', repetition_type: 'REQUIRED', ...text },
  { name: 'unit', repetition_type: 'REQUIRED', ...text },
  { name: 'value', repetition_type: 'REQUIRED', type: 'DOUBLE' },
  { name: 'quality', repetition_type: 'OPTIONAL', type: 'INT32' },
  { name: 'window_end', repetition_type: 'OPTIONAL', ...time },
  { name: 'count', repetition_type: 'OPTIONAL', type: 'INT64' },
  { name: 'min', repetition_type: 'OPTIONAL', type: 'DOUBLE' },
  { name: 'max', repetition_type: 'OPTIONAL', type: 'DOUBLE' },
  { name: 'stddev', repetition_type: 'OPTIONAL', type: 'DOUBLE' },
];

/** Apache Parquet, written as it goes: memory of one row group. */
export function parquetFormat(): ExportFormat {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'fieldline' });
  const taken = (): Uint8Array => {
    const written = bytes.getBytes().slice();
    bytes.index = 0;
    return written;
  };
  return {
    contentType: 'application/vnd.apache.parquet',
    extension: 'parquet',
    begin: taken,
    page: (page) => {
      const rows = [...rowsIn(page)];
      if (rows.length === 0) return '';
      const { device, sensor, quantity } = page.stream;
      const name = { device, sensor, quantity, unit: page.unit };
      const data = [
        ...Object.entries(name).map(([column, value]) => ({ name: column, data: rows.map(() => value) })),
        ...Object.entries(figures).map(([column, of]) => ({ name: column, data: rows.map(of) })),
      ];
      const inOrder = schema
        .slice(1)
        .flatMap((each) => data.find((column) => column.name === each.name) ?? []);
      // Nothing waits: the writer has no `flush`.
      void writer.write({ columnData: inOrder, rowGroupSize: rows.length });
      return taken();
    },
    end: () => {
      void writer.finish();
      return taken();
    },
  };
}

const figures: Readonly<Record<string, (row: ExportRow) => bigint | number | null>> = {
  time: ({ tUs }) => BigInt(tUs),
  value: ({ value }) => value,
  quality: ({ quality }) => quality,
  window_end: ({ window }) => window && BigInt(window.endUs),
  count: ({ window }) => window && BigInt(window.count),
  min: ({ window }) => window?.min ?? null,
  max: ({ window }) => window?.max ?? null,
  stddev: ({ window }) => window?.stddev ?? null,
};
