/** Rows of many streams as columns: `counts[i]` of them belong to the stream of number `ids[i]`, one stream after the other. */
export interface OrderedRows {
  readonly ids: Float64Array;
  readonly counts: Float64Array;
  readonly columns: readonly Float64Array[];
}

const rowsAtFirst = 1024;

/**
 * Rows of the display frame under way. They are kept in the order in which they came, and put in the order of their streams for the
 * frame. The room for them is kept from frame to frame: memory of its own for each column of each frame would be most
 * of what a frame costs. It grows with the largest frame, which `frameRowsMax` bounds.
 */
export class FrameRows {
  /** Numbers of the streams, and values in columns, of the rows in the order in which they came. */
  ids = new Int32Array(rowsAtFirst);
  columns: Float64Array[];
  length = 0;
  #ordered: Float64Array[];
  #places = new Int32Array(rowsAtFirst);
  #streams = new Float64Array(rowsAtFirst);
  #counts = new Float64Array(rowsAtFirst);
  /** By number of the stream: how many rows it has, then where its next one belongs; 0 between two frames. */
  #byStream = new Int32Array(rowsAtFirst);

  /** `width`: values a row. */
  constructor(width: number) {
    this.columns = columnsOf(width, rowsAtFirst);
    this.#ordered = columnsOf(width, rowsAtFirst);
  }

  /** Makes room for `rows` behind `length`; who fills it in `ids` and `columns` moves `length`. */
  reserve(rows: number): void {
    if (this.length + rows > this.ids.length) this.#grow(this.length + rows);
  }

  clear(): void {
    this.length = 0;
  }

  /** All rows by number of the stream, those of one as they came; and begins anew. The columns hold until the next call. */
  take(): OrderedRows {
    const rows = this.length;
    const streams = this.#isInOrder() ? this.#countRuns() : this.#putInOrder();
    // Either way the columns of the frame are not those that the next rows go into.
    const ordered = this.#ordered;
    this.length = 0;
    return {
      ids: this.#streams.subarray(0, streams),
      counts: this.#counts.subarray(0, streams),
      columns: ordered.map((column) => column.subarray(0, rows)),
    };
  }

  /** Devices mostly send in turn, and one time between two frames. */
  #isInOrder(): boolean {
    const { ids, length } = this;
    for (let row = 1; row < length; row++) if (ids[row]! < ids[row - 1]!) return false;
    return true;
  }

  #countRuns(): number {
    const { ids, length } = this;
    const streams = this.#streams;
    const counts = this.#counts;
    let runs = 0;
    for (let row = 0; row < length;) {
      const id = ids[row]!;
      const from = row++;
      while (row < length && ids[row] === id) row++;
      streams[runs] = id;
      counts[runs++] = row - from;
    }
    [this.columns, this.#ordered] = [this.#ordered, this.columns];
    return runs;
  }

  /** Sorts by counting, which leaves rows of one stream as they came. */
  #putInOrder(): number {
    const streams = this.#countRows();
    this.#placeStreams(streams);
    const { ids, length } = this;
    const places = this.#places;
    for (let row = 0; row < length; row++) places[row] = this.#byStream[ids[row]!]!++;
    for (let index = 0; index < streams; index++) this.#byStream[this.#streams[index]!] = 0;
    for (const [index, from] of this.columns.entries()) {
      const to = this.#ordered[index]!;
      for (let row = 0; row < length; row++) to[places[row]!] = from[row]!;
    }
    return streams;
  }

  /** Answers how many streams there are; lists them in order. */
  #countRows(): number {
    const { ids, length } = this;
    const listed = this.#streams;
    let streams = 0;
    for (let row = 0; row < length; row++) {
      const id = ids[row]!;
      if (id >= this.#byStream.length) this.#growStreams(id);
      if (this.#byStream[id]!++ === 0) listed[streams++] = id;
    }
    listed.subarray(0, streams).sort();
    return streams;
  }

  #placeStreams(streams: number): void {
    let place = 0;
    for (let index = 0; index < streams; index++) {
      const id = this.#streams[index]!;
      const count = this.#byStream[id]!;
      this.#counts[index] = count;
      this.#byStream[id] = place;
      place += count;
    }
  }

  #grow(rowsMin: number): void {
    const rows = Math.max(rowsMin, 2 * this.ids.length);
    const { ids, columns } = this;
    this.ids = new Int32Array(rows);
    this.ids.set(ids);
    this.columns = columnsOf(columns.length, rows);
    for (const [index, column] of columns.entries()) this.columns[index]!.set(column);
    this.#ordered = columnsOf(columns.length, rows);
    this.#places = new Int32Array(rows);
    this.#streams = new Float64Array(rows);
    this.#counts = new Float64Array(rows);
  }

  #growStreams(id: number): void {
    const larger = new Int32Array(Math.max(id + 1, 2 * this.#byStream.length));
    larger.set(this.#byStream);
    this.#byStream = larger;
  }
}

function columnsOf(width: number, rows: number): Float64Array[] {
  return Array.from({ length: width }, () => new Float64Array(rows));
}
