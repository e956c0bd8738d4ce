import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flashCommands, shellWord, type FlashChoice } from './flash-command.ts';

const choice: FlashChoice = {
  device: 'greenhouse-1',
  gateway: 'mqtts://gateway.example:8883',
  target: 'image',
  arch: 'arm64',
  image: 'raspios.img.xz',
  wifi: '',
  wifiCountry: 'CH',
};

test('a shell gets back every text as one word', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0'));
  fc.assert(
    fc.property(text, (word) => {
      const out = execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' });
      return out === word.toWellFormed();
    }),
    { numRuns: 50, examples: [["it's"], ['$(reboot)'], ['-rf'], [''], ['a\nb'], ['`id`; #']] },
  );
});

test('an image and a card have their commands', () => {
  expect(flashCommands(choice)).toEqual([
    'fieldline flash image raspios.img.xz --name greenhouse-1 --gateway mqtts://gateway.example:8883 --config greenhouse-1.yaml --arch arm64 --no-wait',
  ]);
  const [list, write] = flashCommands({ ...choice, target: 'disk', wifi: "Bob's net" });
  expect(list).toBe('fieldline flash disk');
  expect(write).toContain('/dev/sdX --image raspios.img.xz');
  expect(write).toContain("--wifi 'Bob'\\''s net' --wifi-country CH");
});
