import { senmlUnits } from '@fieldline/protocol';
import { expect, it } from 'vitest';
import { findDriver } from './registry.ts';

/** Drivers whose quantities do not depend on what a person declares. */
const ownUnits = ['thermometer', 'gnss', 'w1', 'hwmon', 'agent'].map((name) => ({
  name,
  settings: {
    thermometer: { port: 'x' },
    gnss: { port: 'x' },
    w1: { device: '28-000000000001' },
    hwmon: {},
    agent: {},
  }[name],
}));

it.each(ownUnits)('$name measures in units of the SenML registry', ({ name, settings }) => {
  const bound = findDriver(name)?.bind(settings);
  if (!bound?.ok) throw new Error(bound?.refusal.detail ?? `no driver ${name}`);
  expect(bound.value.plan.quantities.length).toBeGreaterThan(0);
  expect(bound.value.plan.quantities.filter(({ unit }) => !senmlUnits.has(unit))).toEqual([]);
});
