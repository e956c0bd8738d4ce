import { defineErrors } from './define.ts';

/** Errors of rules, alerts and their delivery: numbers 8500 to 8999. */
export const alertErrors = defineErrors({
  ALERT_RULE_INVALID: {
    number: 8500,
    title: 'The rule makes no sense as it stands.',
    remedy: 'Correct what the detail names; docs/guides/alerts.md shows each kind of rule.',
  },
  ALERT_RULE_UNKNOWN: {
    number: 8501,
    title: 'There is no rule of this name.',
    remedy: '`fieldline alerts rules` (GET /api/v1/alerts/rules) names them.',
  },
  ALERT_UNKNOWN: {
    number: 8502,
    title: 'There is no alert, or no silence, of this number.',
    remedy: '`fieldline alerts list` (GET /api/v1/alerts) names those that are open.',
  },
  ALERT_LIMIT: {
    number: 8503,
    title: 'There are as many rules, silences or open alerts as may be.',
    remedy: 'Remove those that are not needed, or write one rule with a pattern for many streams.',
  },
  ALERT_NOT_TESTABLE: {
    number: 8504,
    title: 'No store keeps the figures of this kind of rule, so it cannot be tried on history.',
    remedy: 'Save the rule without channels, and watch it live for a while.',
  },
  ALERT_CHANNEL_UNKNOWN: {
    number: 8505,
    title: 'There is no channel of this name.',
    remedy: 'Write it under `alerts.channels` in the file of the gateway, and start the gateway again.',
  },
  ALERT_DELIVERY_FAILED: {
    number: 8506,
    title: 'A message about an alert could not be delivered, and is given up.',
    remedy:
      'Check the channel in the file of the gateway; GET /api/v1/alerts/deliveries lists every attempt.',
  },
  ALERT_DELIVERY_DELAYED: {
    number: 8507,
    title: 'A message about an alert could not be delivered yet; it is tried again.',
    remedy: 'Check that the address of the channel can be reached from the gateway.',
  },
});
