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
  EPOCH_LIMIT: {
    number: 5505,
    title: 'The device has begun more epochs than `limits.epochsPerDevice` allows.',
    remedy: 'Look at why its outbox is lost again and again; then raise the limit.',
  },
  RANGE_LIMIT: {
    number: 5506,
    title: 'The batches of this epoch arrive in more separate pieces than `limits.rangesPerEpoch` allows.',
    remedy: 'Look for a client that leaves sequence numbers out; an agent sends them in order.',
  },
  STREAM_LIMIT: {
    number: 5507,
    title: 'The device has more streams than `limits.streamsPerDevice` allows.',
    remedy: 'Look for names that are made up from values; then raise the limit.',
  },
  INGEST_UNAVAILABLE: {
    number: 5508,
    title: 'The gateway could not make the batch durable and has not acknowledged it.',
    remedy: 'Free the disk of the gateway; the device keeps the batch and sends it again.',
  },
  CLOCK_IMPLAUSIBLE: {
    number: 5509,
    title: 'The batch holds times before 2020, or further ahead than `limits.futureTime` allows.',
    remedy: 'Set the clock of the device; where the clock of the gateway was wrong, replay the dead letter.',
  },
  CLOCK_ANCHOR_MISSING: {
    number: 5510,
    title:
      'The device did not tell within `limits.anchorWait` what time it was while it took these readings.',
    remedy: 'Give the device a clock (RTC, GNSS or NTP); replay the dead letter if it tells the time later.',
  },
  CLOCK_WAIT_FULL: {
    number: 5511,
    title: 'More batches wait for the time of their device than `limits.anchorWaitBytes` allows.',
    remedy: 'Give the device a clock (RTC, GNSS or NTP), then replay the dead letter.',
  },
  DEAD_LETTER_UNKNOWN: {
    number: 5512,
    title: 'There is no dead letter of this number.',
    remedy:
      'List them with `fieldline dead-letters list`; it may have been replayed, or made room for newer ones.',
  },
  DEAD_LETTER_CUT: {
    number: 5513,
    title: 'Of this dead letter there is no whole message that ingest could take again.',
    remedy: 'Rebuild a store from the journal by a replay; else discard the letter.',
  },
  DIALECT_UNREADABLE: {
    number: 5514,
    title: 'The message does not hold what the dialect of its account says.',
    remedy: 'Look at it among the dead letters, and at `dialects` in the configuration of the gateway.',
  },
  DIALECT_NAME: {
    number: 5515,
    title: 'No name of a device, sensor and quantity can be made of the message.',
    remedy: 'Name them in `dialects`: by the topic, by templates, or as they are.',
  },
  DIALECT_DEVICE_TAKEN: {
    number: 5516,
    title:
      'The message speaks of a device that belongs to another account, or that another name means already.',
    remedy: 'Give the devices of `dialects` names of their own, for example by a template with a prefix.',
  },
  DIALECT_DEVICE_LIMIT: {
    number: 5517,
    title: 'The account speaks for as many devices as it may.',
    remedy:
      'Look for names that are made up from values; then raise `devicesMax` of the dialect, or `limits.devices`.',
  },
  LEDGER_DIFFERENCE: {
    number: 5518,
    title: 'Counters of this device that should agree do not: readings are unaccounted for.',
    remedy:
      'Compare that batch in the journal with its neighbours; look for a damaged outbox, or a client that counts wrongly.',
  },
});
