import { accepted, refused, type Result } from '../errors/result.ts';

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Reads a size with its unit, in bytes: `256MB` (powers of 1000), `64MiB` (powers of 1024). */
export function parseSize(text: string): Result<number> {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s?([A-Za-z]+)$/.exec(text);
  const bytes = Number(match?.[1]) * (unitBytes[match?.[2] ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(Math.round(bytes))) {
    return refused(
      'CONFIG_INVALID_VALUE',
      `${JSON.stringify(text)} is not a size such as 64MB, 256MiB or 1GB`,
    );
  }
  return accepted(Math.round(bytes));
}
