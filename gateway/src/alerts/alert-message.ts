import { unitSuffix, type AlertCondition } from '@fieldline/protocol';

/**
 * One sentence for people: what is concerned, its figure, and the limit that it is beyond. `unit` is a SenML unit, null where
 * it is not known; here it stands as people write it.
 */
export function alertMessage(
  condition: AlertCondition,
  subject: string,
  value: number | null,
  unit: string | null,
): string {
  const withUnit = (figure: number | null): string =>
    `${figure === null ? '–' : round(figure)}${unitSuffix(unit ?? '')}`;
  switch (condition.kind) {
    case 'threshold':
      return `${subject} is ${withUnit(value)}, ${condition.is} ${withUnit(condition.limit)}.`;
    case 'rate':
      return `${subject} is ${condition.is} by ${withUnit(value)} a second, more than ${withUnit(condition.limitPerSec)}.`;
    case 'stuck':
      return `${subject} has stayed at ${withUnit(value)} for ${condition.after}.`;
    case 'no-data':
      return `${subject} has given nothing for ${condition.after}.`;
    case 'silent-device':
      return `Nothing has been heard of ${subject} for ${condition.after}.`;
    case 'geofence':
      return `${subject} is ${value === null ? '–' : Math.round(value)} m outside its fence.`;
    case 'ledger':
      return `${subject} has ${value ?? '–'} readings unaccounted for.`;
    case 'device-alarm':
      return `${subject} reports ${value ?? '–'} of its own errors that somebody has to mend.`;
    case 'stage':
      return `Stage ${subject} is ${value === null ? '–' : Math.round(value * 100)} % busy.`;
  }
}

function round(figure: number): string {
  return String(Number(figure.toPrecision(6)));
}
