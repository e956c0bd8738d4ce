/** What holds where the file says nothing. */
export const agentDefaults = {
  flush: '1s',
  settle: '2m',
  clockSource: 'system',
  clockDelay: '0s',
  keepalive: '10s',
  maxBytes: '256MB',
  maxAge: '30d',
  memory: '16MB',
  whenFull: 'drop-oldest',
  backlogBatchesPerSec: 50,
  inFlight: 8,
  confirmWithin: '60s',
  updateConfirmWithin: '5m',
} as const;
