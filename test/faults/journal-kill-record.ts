/** The bytes of record `id`: 8 to 3,000 of them, all of which follow from the id. */
export function killRecord(id: number): Buffer {
  const value = Buffer.alloc(8 + ((id * 2_654_435_761) % 2993), id % 251);
  value.writeDoubleLE(id, 0);
  return value;
}

/** The id that a record claims. */
export function killRecordId(value: Uint8Array): number {
  return Buffer.from(value).readDoubleLE(0);
}
