import type { SeriesColumns } from '../../query/bucket-series.ts';

/** An answer whose columns go to another thread without being copied: here they are empty from then on. */
export class Moved<Value> {
  readonly value: Value;
  /** What is handed over, each buffer once. */
  readonly buffers: readonly ArrayBuffer[];

  /** `columns`: those of `value`. No one else may read them any more. */
  constructor(value: Value, columns: SeriesColumns) {
    this.value = value;
    const arrays: readonly unknown[] = Object.values(columns);
    const buffers = arrays.flatMap((array) => (ArrayBuffer.isView(array) ? array.buffer : []));
    this.buffers = [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
  }
}
