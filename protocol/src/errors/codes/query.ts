import { defineErrors } from './define.ts';

/** Errors of the query stage: numbers 6500 to 6999. */
export const queryErrors = defineErrors({
  QUERY_UNKNOWN_STREAM: {
    number: 6500,
    title: 'There is no stream of this name.',
    remedy: 'Use a name that GET /api/v1/streams lists: device/sensor/quantity.',
  },
  QUERY_BAD_RANGE: {
    number: 6501,
    title: 'The range of the query is empty or reversed.',
    remedy: 'Give `from` before `to`, both in microseconds UTC or as RFC 3339.',
  },
  QUERY_TOO_LARGE: {
    number: 6502,
    title: 'The query would read more than the limit.',
    remedy: 'Ask for a shorter range, or for fewer points.',
  },
  QUERY_STORE_UNAVAILABLE: {
    number: 6503,
    title: 'The store does not answer now.',
    remedy: 'Try again; GET /api/v1/pipeline and the log of the gateway say why.',
  },
  QUERY_TIMEOUT: {
    number: 6504,
    title: 'The store took longer than the limit to answer.',
    remedy: 'Ask for a shorter range, or try again when the store is less busy.',
  },
  QUERY_EXPORTS_BUSY: {
    number: 6505,
    title: 'As many exports run as may at a time.',
    remedy: 'Try again when one of them has ended.',
  },
});
