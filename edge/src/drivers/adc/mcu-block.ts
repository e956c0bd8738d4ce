/** One frame of the MCU stream (docs/reference/mcu-stream.md), decoded in place. */
export interface McuBlock {
  readonly channels: number;
  /** Number of the first sample set since the microcontroller started; wraps at 2^32. */
  readonly counter: number;
  readonly intervalNs: number;
  readonly voltsPerCount: number;
  /** Sample sets in the block. */
  readonly sets: number;
  /** int16 little endian, interleaved by channel, from here on. */
  readonly samples: DataView;
}

/** Bytes before the samples. */
export const headerBytes = 16;
const version = 1;
const typeSamples = 1;
/** The most channels that a frame may have. */
export const channelsMax = 16;

/** Reads a payload; or says why it is none: another version or type, or a length that does not fit. */
export function decodeMcuBlock(
  payload: Uint8Array,
): McuBlock | 'unknown-version' | 'unknown-type' | 'bad-length' {
  if (payload.length < headerBytes) return 'bad-length';
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint8(0) !== version) return 'unknown-version';
  if (view.getUint8(1) !== typeSamples) return 'unknown-type';
  const channels = view.getUint8(2);
  const sampleBytes = payload.length - headerBytes;
  const intervalNs = view.getUint32(8, true);
  if (channels === 0 || channels > channelsMax || sampleBytes === 0 || sampleBytes % (2 * channels) !== 0) {
    return 'bad-length';
  }
  return {
    channels,
    counter: view.getUint32(4, true),
    intervalNs,
    voltsPerCount: view.getFloat32(12, true),
    sets: sampleBytes / (2 * channels),
    samples: new DataView(payload.buffer, payload.byteOffset + headerBytes, sampleBytes),
  };
}
