import { decodeMcuBlock, type McuBlock } from '../drivers/adc/mcu-block.ts';
import { CobsFramer } from '../framing/cobs-framer.ts';
import { noise, promising, recognised, type Hearing } from './recognition.ts';

/** Frames with a right CRC that it takes. */
const framesLeast = 2;

/** The framed stream of a microcontroller (docs/reference/mcu-stream.md). */
export function recogniseMcu(bytes: Uint8Array): Hearing {
  const blocks: Pick<McuBlock, 'channels' | 'sets' | 'intervalNs'>[] = [];
  new CobsFramer().push(bytes, (frame) => {
    const block = frame.kind === 'packet' ? decodeMcuBlock(frame.payload) : 'none';
    if (typeof block !== 'string') blocks.push(block);
  });
  const [block] = blocks;
  if (block === undefined) return noise;
  if (blocks.length < framesLeast) return promising;
  const channels = Array.from({ length: block.channels }, (_, index) => ({
    index,
    quantity: `ch${index}`,
    unit: 'V',
  }));
  const ratePerSec = block.intervalNs > 0 ? Math.round(1e9 / block.intervalNs) : 0;
  return recognised({
    format: 'mcu',
    frames: blocks.length,
    sample: `${block.channels} channels, ${ratePerSec} samples/s, ${block.sets} a frame`,
    quantities: channels.map(({ quantity, unit }) => ({ quantity, unit })),
    sensor: { driver: 'adc', settings: { source: 'mcu', channels } },
  });
}
