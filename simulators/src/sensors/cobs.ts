/**
 * Consistent Overhead Byte Stuffing (Cheshire and Baker 1999): the bytes without any zero, at most one byte in
 * 254 longer. The delimiting zero is not part of the answer.
 */
export function cobsEncode(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let run: number[] = [];
  const close = () => {
    out.push(run.length + 1, ...run);
    run = [];
  };
  for (const byte of bytes) {
    if (byte === 0) close();
    else {
      run.push(byte);
      // A full run of 254 stands for itself, without a zero behind it.
      if (run.length === 254) close();
    }
  }
  close();
  return Uint8Array.from(out);
}
