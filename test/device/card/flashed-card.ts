import { afterAll, beforeAll, expect } from 'vitest';
import { isComplete, type CardKind, type CardParts } from './card-parts.ts';
import { CardRig, say } from './card-rig.ts';

/** How long a test may take, milliseconds: one boot of a system takes minutes under emulation, and some have two. */
export const bootMs = 900_000;

/** Called within `describe`: flashes a card before its tests, hands over what it is in, and ends that behind them. */
export function flashedCard(
  kind: CardKind,
  parts: CardParts | undefined,
  take: (rig: CardRig) => void,
): void {
  let rig: CardRig | undefined;
  beforeAll(async () => {
    if (!isComplete(parts)) return;
    rig = await CardRig.flashed(kind, parts);
    take(rig);
  }, bootMs);
  afterAll(() => rig?.end(), bootMs);
}

/** Boots the card for the first time: it reboots so often by itself, and all of its readings come to be stored. */
export async function expectDelivery(rig: CardRig, kind: CardKind, reboots: number): Promise<void> {
  const first = await rig.bootToFirstReading();
  say(`power-on to the first stored reading: ${first.seconds} s, ${first.reboots} reboots (${kind})`);
  expect(first.reboots).toBe(reboots);
  await rig.until('20 readings', ({ stored, underWay }) => stored >= 20 && underWay === 0);
  expect(await rig.account()).toMatchObject({ refused: 0, lost: 0, unaccounted: 0 });
}
