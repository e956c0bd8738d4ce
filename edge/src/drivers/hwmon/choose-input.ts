import type { TemperatureInput } from '../../bindings/temperature-inputs.ts';

/** Which temperature is wanted; every part that is given must match. */
export interface InputChoice {
  readonly zone?: string;
  readonly chip?: string;
  readonly input?: string;
}

/** The first temperature that fits, thermal zones before chips; undefined where none does. */
export function chooseInput(
  inputs: readonly TemperatureInput[],
  { zone, chip, input }: InputChoice,
): TemperatureInput | undefined {
  return inputs.find((each) => {
    if (zone !== undefined) return each.kind === 'thermal' && each.name === zone;
    if (chip === undefined) return true;
    const isChip = each.kind === 'hwmon' && each.name === chip;
    return isChip && (input === undefined || each.input === input || each.label === input);
  });
}

/** What there is to choose from, for a message. */
export function describeInputs(inputs: readonly TemperatureInput[]): string {
  if (inputs.length === 0) return 'This machine shows no temperature.';
  const names = inputs.map(({ kind, name, label }) =>
    kind === 'thermal' ? `zone ${name}` : `chip ${name} input ${label}`,
  );
  return `There are: ${[...new Set(names)].join(', ')}.`;
}
