import type { AppendReceiver } from '../journal.ts';
import { groupBufferBytesInitial, groupBufferBytesKept } from './limits.ts';
import { headerBytes, sealRecord, stageRecord } from './record.ts';

/** The records that share one write and one sync, already laid out as they will stand in the file. */
export class AppendGroup {
  #buffer = Buffer.allocUnsafeSlow(groupBufferBytesInitial);
  #usedBytes = 0;
  #recordAts: number[] = [];
  #timesUs: number[] = [];
  #receivers: AppendReceiver[] = [];

  get count(): number {
    return this.#recordAts.length;
  }
  get sizeBytes(): number {
    return this.#usedBytes;
  }
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#usedBytes);
  }

  /** Copies the record in; the receiver hears of it with `resolve` or `reject` of the group. */
  add(
    record: { key: string; keyBytes: number; value: Uint8Array; appendedAtUs: number },
    receiver: AppendReceiver,
  ): void {
    this.#reserve(headerBytes + record.keyBytes + record.value.length);
    this.#recordAts.push(this.#usedBytes);
    this.#usedBytes += stageRecord(this.#buffer, this.#usedBytes, record);
    this.#timesUs.push(record.appendedAtUs);
    this.#receivers.push(receiver);
  }

  /** Gives every record its mark and its offset, counted from `relativeOffset`. */
  seal(mark: number, relativeOffset: number): void {
    for (let index = 0; index < this.#recordAts.length; index += 1) {
      sealRecord(this.#buffer, this.#recordAts[index]!, mark, relativeOffset + index);
    }
  }

  /** Tells every caller its offset, and empties the group for the next round. */
  resolve(firstOffset: number): void {
    const receivers = this.#receivers;
    const timesUs = this.#timesUs;
    this.#reset();
    for (let index = 0; index < receivers.length; index += 1) {
      receivers[index]!.appended(firstOffset + index, timesUs[index]!);
    }
  }

  /** Tells every caller that nothing of it was kept, and empties the group. */
  reject(cause: unknown): void {
    const receivers = this.#receivers;
    this.#reset();
    for (const receiver of receivers) receiver.failed(cause);
  }

  #reserve(bytes: number): void {
    const needed = this.#usedBytes + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.bytes);
    this.#buffer = larger;
  }

  #reset(): void {
    if (this.#buffer.length > groupBufferBytesKept) {
      this.#buffer = Buffer.allocUnsafeSlow(groupBufferBytesInitial);
    }
    this.#usedBytes = 0;
    this.#recordAts = [];
    this.#timesUs = [];
    this.#receivers = [];
  }
}
