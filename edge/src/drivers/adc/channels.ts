import { accepted, Name, refused, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { channelsMax } from './mcu-block.ts';

/** One channel as configured. */
export const ChannelKeys = Type.Object(
  {
    index: Type.Integer({
      minimum: 0,
      maximum: channelsMax - 1,
      description: 'Channel of the converter, from 0',
    }),
    quantity: Type.Optional(Name),
    unit: Type.Optional(Type.String({ minLength: 1, description: 'Unit of the SenML registry' })),
    scale: Type.Optional(Type.Number({ default: 1, description: 'Multiplies volts' })),
    rails: Type.Optional(
      Type.Tuple([Type.Number(), Type.Number()], {
        description: 'Raw counts at and beyond which it is saturated; default: those of its format',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ChannelKeys = Type.Static<typeof ChannelKeys>;

/** One channel, with defaults filled in: quantity `chN`, unit V, scale 1. */
export interface Channel {
  readonly index: number;
  readonly quantity: string;
  readonly unit: string;
  readonly scale: number;
  /** Raw counts; undefined where its format tells them. */
  readonly rails: { readonly low: number; readonly high: number } | undefined;
}

/** The channels as configured; all that there may be, as `ch0`, `ch1` …, where none are. */
export function toChannels(keys: readonly ChannelKeys[] | undefined): Result<readonly Channel[]> {
  const given = keys ?? Array.from({ length: channelsMax }, (_, index) => ({ index }));
  const channels = given.map((each: ChannelKeys) => ({
    index: each.index,
    quantity: each.quantity ?? `ch${each.index}`,
    unit: each.unit ?? 'V',
    scale: each.scale ?? 1,
    rails: each.rails && { low: each.rails[0], high: each.rails[1] },
  }));
  const names = channels.map(({ quantity }) => quantity);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return refused('CONFIG_INVALID_VALUE', `channels: "${twice}" is given twice`);
  return accepted(channels);
}
