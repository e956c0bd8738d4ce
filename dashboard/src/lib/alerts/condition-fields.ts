import type { AlertCondition } from '@fieldline/protocol';

/** The kinds of conditions, in the order in which a form offers them. */
export const conditionKinds = [
  'threshold',
  'rate',
  'stuck',
  'no-data',
  'silent-device',
  'device-alarm',
  'geofence',
  'ledger',
  'stage',
] as const satisfies readonly AlertCondition['kind'][];
/** One of them. */
export type ConditionKind = AlertCondition['kind'];

/** What is entered in a field, and how. */
export type FieldInput =
  'streams' | 'devices' | 'sensors' | 'stages' | 'number' | 'duration' | 'points' | 'choice';

/** One field of the form of a condition. */
export interface ConditionField {
  readonly name: FieldName;
  readonly input: FieldInput;
  readonly isOptional?: boolean;
  /** Of a choice; the first stands where nothing was chosen. */
  readonly choices?: readonly string[];
  /** The field counts only while the shape of the fence is this one. */
  readonly shape?: 'circle' | 'polygon';
}

/** Keys of conditions and of fences; `points` is a text of lines. */
export type FieldName =
  | 'streams'
  | 'devices'
  | 'sensors'
  | 'stages'
  | 'is'
  | 'of'
  | 'limit'
  | 'clear'
  | 'limitPerSec'
  | 'clearPerSec'
  | 'over'
  | 'after'
  | 'tolerance'
  | 'shape'
  | 'lat'
  | 'lon'
  | 'radiusM'
  | 'points'
  | 'marginM'
  | 'above';

const number = (name: FieldName, isOptional = false): ConditionField => ({
  name,
  input: 'number',
  isOptional,
});
const duration = (name: FieldName): ConditionField => ({ name, input: 'duration' });
const choice = (name: FieldName, ...choices: string[]): ConditionField => ({
  name,
  input: 'choice',
  choices,
});
const streams: ConditionField = { name: 'streams', input: 'streams' };
const devices: ConditionField = { name: 'devices', input: 'devices' };

/** The fields of each kind, in the order of the form. */
export const conditionFields: Readonly<Record<ConditionKind, readonly ConditionField[]>> = {
  threshold: [
    streams,
    choice('is', 'above', 'below'),
    number('limit'),
    number('clear', true),
    choice('of', 'mean', 'min', 'max'),
  ],
  rate: [
    streams,
    choice('is', 'rising', 'falling', 'changing'),
    number('limitPerSec'),
    number('clearPerSec', true),
    duration('over'),
  ],
  stuck: [streams, duration('after'), number('tolerance', true)],
  'no-data': [streams, duration('after')],
  'silent-device': [devices, duration('after')],
  'device-alarm': [devices],
  geofence: [
    { name: 'sensors', input: 'sensors' },
    choice('shape', 'circle', 'polygon'),
    { ...number('lat'), shape: 'circle' },
    { ...number('lon'), shape: 'circle' },
    { ...number('radiusM'), shape: 'circle' },
    { name: 'points', input: 'points', shape: 'polygon' },
    number('marginM', true),
  ],
  ledger: [devices, number('above', true)],
  stage: [{ name: 'stages', input: 'stages' }, number('above'), number('clear', true)],
};
