import { alertErrors } from './codes/alerts.ts';
import { apiErrors } from './codes/api.ts';
import { brokerErrors } from './codes/broker.ts';
import { cliErrors } from './codes/cli.ts';
import { configErrors } from './codes/config.ts';
import { ingestErrors } from './codes/ingest.ts';
import { journalErrors } from './codes/journal.ts';
import { outboxErrors } from './codes/outbox.ts';
import { provisionErrors } from './codes/provision.ts';
import { queryErrors } from './codes/query.ts';
import { simulatorErrors } from './codes/simulator.ts';
import { sinkErrors } from './codes/sink.ts';
import { sourceErrors } from './codes/source.ts';
import { sshErrors } from './codes/ssh.ts';
import { updateErrors } from './codes/update.ts';
import { uplinkErrors } from './codes/uplink.ts';
import type { ErrorEntry } from './codes/define.ts';

/** Every error code of every stage, in the order in which a reading passes the stages. */
export const errorRegistry = {
  ...configErrors,
  ...cliErrors,
  ...sourceErrors,
  ...outboxErrors,
  ...uplinkErrors,
  ...journalErrors,
  ...brokerErrors,
  ...ingestErrors,
  ...sinkErrors,
  ...queryErrors,
  ...apiErrors,
  ...provisionErrors,
  ...simulatorErrors,
  ...alertErrors,
  ...updateErrors,
  ...sshErrors,
};

/** A stable error code: the same word in logs, problem documents, dead letters and the reference. */
export type ErrorCode = keyof typeof errorRegistry;

/** The registry's entry of `code`. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorRegistry[code];
}
