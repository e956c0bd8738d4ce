import { agent } from './agent.ts';
import { aggregate } from './aggregate.ts';
import { audit } from './audit.ts';
import { alertsAcknowledge } from './alerts-acknowledge.ts';
import { alertsHistory } from './alerts-history.ts';
import { alertsList } from './alerts-list.ts';
import { alertsRemove } from './alerts-remove.ts';
import { alertsRules } from './alerts-rules.ts';
import { alertsSet } from './alerts-set.ts';
import { alertsSilence } from './alerts-silence.ts';
import { alertsTest } from './alerts-test.ts';
import { backup } from './backup.ts';
import { bench } from './bench.ts';
import { configDiff } from './config-diff.ts';
import { configGet } from './config-get.ts';
import { configSet } from './config-set.ts';
import { configTest } from './config-test.ts';
import { deadLettersDiscard } from './dead-letters-discard.ts';
import { deadLettersList } from './dead-letters-list.ts';
import { deadLettersReplay } from './dead-letters-replay.ts';
import { deadLettersShow } from './dead-letters-show.ts';
import { demo } from './demo.ts';
import { detect } from './detect.ts';
import { deviceAdd } from './device-add.ts';
import { deviceList } from './device-list.ts';
import { deviceRevoke } from './device-revoke.ts';
import { deviceShow } from './device-show.ts';
import { doctor } from './doctor.ts';
import { exportCommand } from './export.ts';
import { flashBundle } from './flash-bundle.ts';
import { flashDisk } from './flash-disk.ts';
import { flashImageCommand } from './flash-image.ts';
import { flashSsh } from './flash-ssh.ts';
import { gateway } from './gateway.ts';
import { ledger } from './ledger.ts';
import { publish } from './publish.ts';
import { query } from './query.ts';
import { read } from './read.ts';
import { replay } from './replay.ts';
import { restore } from './restore.ts';
import { simulateAdc } from './simulate-adc.ts';
import { simulateFleet } from './simulate-fleet.ts';
import { simulateGnss } from './simulate-gnss.ts';
import { simulateThermometer } from './simulate-thermometer.ts';
import { tap } from './tap.ts';
import { tokenCreate } from './token-create.ts';
import { tokenList } from './token-list.ts';
import { tokenRevoke } from './token-revoke.ts';
import { updateKey } from './update-key.ts';
import { updateOffer } from './update-offer.ts';
import { updatePublish } from './update-publish.ts';
import { updateRemove } from './update-remove.ts';
import { updateStatus } from './update-status.ts';
import { updateWithdraw } from './update-withdraw.ts';
import { userAdd } from './user-add.ts';
import { userList } from './user-list.ts';
import { userPasswd } from './user-passwd.ts';
import { userRemove } from './user-remove.ts';

/** Commands by name. A command stands here from the day it works. */
export const commands = {
  demo,
  agent,
  gateway,
  detect,
  read,
  aggregate,
  publish,
  tap,
  query,
  export: exportCommand,
  replay,
  backup,
  restore,
  ledger,
  audit,
  doctor,
  bench,
};
/** The commands behind `device`. */
export const deviceCommands = { add: deviceAdd, list: deviceList, show: deviceShow, revoke: deviceRevoke };
/** The commands behind `user`. */
export const userCommands = { add: userAdd, list: userList, remove: userRemove, passwd: userPasswd };
/** The commands behind `token`. */
export const tokenCommands = { create: tokenCreate, list: tokenList, revoke: tokenRevoke };
/** The commands behind `dead-letters`. */
export const deadLetterCommands = {
  list: deadLettersList,
  show: deadLettersShow,
  replay: deadLettersReplay,
  discard: deadLettersDiscard,
};
/** The commands behind `config`. */
export const configCommands = { get: configGet, set: configSet, diff: configDiff, test: configTest };
/** The commands behind `alerts`. */
export const alertCommands = {
  list: alertsList,
  history: alertsHistory,
  rules: alertsRules,
  set: alertsSet,
  remove: alertsRemove,
  test: alertsTest,
  acknowledge: alertsAcknowledge,
  silence: alertsSilence,
};
/** The commands behind `flash`. */
export const flashCommands = {
  bundle: flashBundle,
  image: flashImageCommand,
  disk: flashDisk,
  ssh: flashSsh,
};
/** The commands behind `update`. */
export const updateCommands = {
  key: updateKey,
  publish: updatePublish,
  offer: updateOffer,
  status: updateStatus,
  withdraw: updateWithdraw,
  remove: updateRemove,
};
/** The commands behind `simulate`. */
export const simulateCommands = {
  thermometer: simulateThermometer,
  gnss: simulateGnss,
  adc: simulateAdc,
  fleet: simulateFleet,
};
