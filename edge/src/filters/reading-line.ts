import { accepted, Name, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';

/** The most characters that a line may have. */
export const lineMaxCharacters = 65_536;

/** One reading as it goes through a pipe: one JSON object a line. */
export const ReadingLine = Type.Object(
  {
    t: Type.Integer({ description: 'µs since the Unix epoch, UTC' }),
    sensor: Name,
    quantity: Name,
    unit: Type.String({ minLength: 1, description: 'Unit of the SenML registry' }),
    v: Type.Number(),
  },
  { additionalProperties: true },
);
/** A reading of that shape. */
export type ReadingLine = Static<typeof ReadingLine>;

/** Reads one line; other keys than those of a reading are allowed and passed over. */
export function parseReadingLine(text: string): Result<ReadingLine> {
  if (text.length > lineMaxCharacters) return refused('SOURCE_GARBAGE', 'the line is too long');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('SOURCE_GARBAGE', 'the line is no JSON');
  }
  if (!Value.Check(ReadingLine, value)) {
    const error = Value.Errors(ReadingLine, value)[0];
    return refused('SOURCE_GARBAGE', `${error?.instancePath ?? ''} ${error?.message ?? ''}`.trim());
  }
  const { t, sensor, quantity, unit, v } = value;
  return accepted({ t, sensor, quantity, unit, v });
}
