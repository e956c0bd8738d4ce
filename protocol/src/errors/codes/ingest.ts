import { defineErrors } from './define.ts';

/** Reasons for which ingest refuses a batch or a part of one: numbers 5500 to 5999. */
export const ingestErrors = defineErrors({
  BATCH_TOO_LARGE: {
    number: 5500,
    title: 'The message is larger than the limit, packed or inflated.',
    remedy: 'Lower the flush interval of the agent, or raise `limits.batchBytes` at the gateway.',
  },
  BATCH_UNDECODABLE: {
    number: 5501,
    title: 'The message is neither CBOR nor JSON, or its compression is damaged.',
    remedy: 'Look at its first bytes in the dead letters, and at what publishes on this topic.',
  },
  BATCH_INVALID: {
    number: 5502,
    title: 'The message does not have the shape of a batch.',
    remedy: 'Correct the field that the reason names; docs/reference/wire.md describes the shape.',
  },
  BATCH_WRONG_DEVICE: {
    number: 5503,
    title: 'The batch names another device than the one that sent it.',
    remedy: 'Give each device its own id and credential; look for a cloned card.',
  },
  SEQ_CONFLICT: {
    number: 5504,
    title: 'A batch with this name but other content has been stored already.',
    remedy: 'Look for a restored or cloned card: a device must start a new epoch after a restore.',
  },
});
