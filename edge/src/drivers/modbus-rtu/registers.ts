import { accepted, refused, senmlUnits, Name, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** The most registers of one bus. */
export const registersMax = 64;

/** One value as configured; its key is the name of the quantity. */
export const RegisterKeys = Type.Object(
  {
    address: Type.Integer({ minimum: 0, maximum: 65_535, description: 'Of the first register, from 0' }),
    unit: Type.String({ minLength: 1, description: 'Unit of the SenML registry; / for a bare number' }),
    table: Type.Optional(
      Type.Union([Type.Literal('holding'), Type.Literal('input')], {
        default: 'holding',
        description: 'Holding registers (function 3) or input registers (function 4)',
      }),
    ),
    type: Type.Optional(
      Type.Union(
        [
          Type.Literal('u16'),
          Type.Literal('i16'),
          Type.Literal('u32'),
          Type.Literal('i32'),
          Type.Literal('f32'),
        ],
        { default: 'u16', description: '32 bits take two registers' },
      ),
    ),
    lowWordFirst: Type.Optional(
      Type.Boolean({ default: false, description: 'Of 32 bits, the low word stands in the first register' }),
    ),
    device: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 247, description: "Address on the bus; default: the sensor's" }),
    ),
    scale: Type.Optional(Type.Number({ default: 1, description: 'Multiplies the value' })),
    offset: Type.Optional(Type.Number({ default: 0, description: 'Is added after scaling' })),
  },
  { additionalProperties: false },
);
export type RegisterKeys = Type.Static<typeof RegisterKeys>;

/** One value with defaults filled in. */
export interface Register extends Required<RegisterKeys> {
  readonly quantity: string;
}

/** Checks names and units. `device`: the address on the bus where a register names none. */
export function toRegisters(
  keys: Readonly<Record<string, RegisterKeys>>,
  device: number,
): Result<readonly Register[]> {
  const registers: Register[] = [];
  for (const [quantity, given] of Object.entries(keys)) {
    const isName: boolean = Value.Check(Name, quantity);
    if (!isName)
      return refused('CONFIG_INVALID_VALUE', `registers: "${quantity}" is not a name of a-z, 0-9, _ and -`);
    if (!senmlUnits.has(given.unit))
      return refused(
        'CONFIG_INVALID_VALUE',
        `registers.${quantity}.unit: "${given.unit}" is not a unit of the SenML registry`,
      );
    registers.push({
      table: 'holding',
      type: 'u16',
      lowWordFirst: false,
      device,
      scale: 1,
      offset: 0,
      ...given,
      quantity,
    });
  }
  return accepted(registers);
}

/** How many 16-bit registers a value takes. */
export function registerCount({ type }: Pick<Register, 'type'>): 1 | 2 {
  return type === 'u16' || type === 'i16' ? 1 : 2;
}

/**
 * The value of registers as they came, high byte first (Modbus application protocol 1.1b3, section 4.2), times
 * `scale` plus `offset`; undefined where bytes are missing.
 */
export function registerToValue(bytes: Buffer, register: Register): number | undefined {
  if (bytes.length < 2 * registerCount(register)) return undefined;
  const { type, lowWordFirst, scale, offset } = register;
  const ordered = lowWordFirst ? Buffer.concat([bytes.subarray(2, 4), bytes.subarray(0, 2)]) : bytes;
  const raw = {
    u16: () => bytes.readUInt16BE(0),
    i16: () => bytes.readInt16BE(0),
    u32: () => ordered.readUInt32BE(0),
    i32: () => ordered.readInt32BE(0),
    f32: () => ordered.readFloatBE(0),
  }[type]();
  return raw * scale + offset;
}
