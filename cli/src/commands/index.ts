import type { CommandLoaders } from '../command/load-routes.ts';

/**
 * Commands by name. A command stands here from the day it works; its module, and what that needs, is read when
 * it is called.
 */
export const commands = {
  demo: async () => (await import('./demo.ts')).demo,
  agent: async () => (await import('./agent.ts')).agent,
  gateway: async () => (await import('./gateway.ts')).gateway,
  detect: async () => (await import('./detect.ts')).detect,
  read: async () => (await import('./read.ts')).read,
  aggregate: async () => (await import('./aggregate.ts')).aggregate,
  publish: async () => (await import('./publish.ts')).publish,
  tap: async () => (await import('./tap.ts')).tap,
  query: async () => (await import('./query.ts')).query,
  export: async () => (await import('./export.ts')).exportCommand,
  replay: async () => (await import('./replay.ts')).replay,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  ledger: async () => (await import('./ledger.ts')).ledger,
  audit: async () => (await import('./audit.ts')).audit,
  doctor: async () => (await import('./doctor.ts')).doctor,
  bench: async () => (await import('./bench.ts')).bench,
} satisfies CommandLoaders;
/** The commands behind `device`. */
export const deviceCommands = {
  add: async () => (await import('./device-add.ts')).deviceAdd,
  list: async () => (await import('./device-list.ts')).deviceList,
  show: async () => (await import('./device-show.ts')).deviceShow,
  revoke: async () => (await import('./device-revoke.ts')).deviceRevoke,
} satisfies CommandLoaders;
/** The commands behind `user`. */
export const userCommands = {
  add: async () => (await import('./user-add.ts')).userAdd,
  list: async () => (await import('./user-list.ts')).userList,
  remove: async () => (await import('./user-remove.ts')).userRemove,
  passwd: async () => (await import('./user-passwd.ts')).userPasswd,
} satisfies CommandLoaders;
/** The commands behind `token`. */
export const tokenCommands = {
  create: async () => (await import('./token-create.ts')).tokenCreate,
  list: async () => (await import('./token-list.ts')).tokenList,
  revoke: async () => (await import('./token-revoke.ts')).tokenRevoke,
} satisfies CommandLoaders;
/** The commands behind `dead-letters`. */
export const deadLetterCommands = {
  list: async () => (await import('./dead-letters-list.ts')).deadLettersList,
  show: async () => (await import('./dead-letters-show.ts')).deadLettersShow,
  replay: async () => (await import('./dead-letters-replay.ts')).deadLettersReplay,
  discard: async () => (await import('./dead-letters-discard.ts')).deadLettersDiscard,
} satisfies CommandLoaders;
/** The commands behind `config`. */
export const configCommands = {
  get: async () => (await import('./config-get.ts')).configGet,
  set: async () => (await import('./config-set.ts')).configSet,
  diff: async () => (await import('./config-diff.ts')).configDiff,
  test: async () => (await import('./config-test.ts')).configTest,
} satisfies CommandLoaders;
/** The commands behind `alerts`. */
export const alertCommands = {
  list: async () => (await import('./alerts-list.ts')).alertsList,
  history: async () => (await import('./alerts-history.ts')).alertsHistory,
  rules: async () => (await import('./alerts-rules.ts')).alertsRules,
  set: async () => (await import('./alerts-set.ts')).alertsSet,
  remove: async () => (await import('./alerts-remove.ts')).alertsRemove,
  test: async () => (await import('./alerts-test.ts')).alertsTest,
  acknowledge: async () => (await import('./alerts-acknowledge.ts')).alertsAcknowledge,
  silence: async () => (await import('./alerts-silence.ts')).alertsSilence,
} satisfies CommandLoaders;
/** The commands behind `flash`. */
export const flashCommands = {
  bundle: async () => (await import('./flash-bundle.ts')).flashBundle,
  image: async () => (await import('./flash-image.ts')).flashImageCommand,
  disk: async () => (await import('./flash-disk.ts')).flashDisk,
  ssh: async () => (await import('./flash-ssh.ts')).flashSsh,
} satisfies CommandLoaders;
/** The commands behind `update`. */
export const updateCommands = {
  key: async () => (await import('./update-key.ts')).updateKey,
  publish: async () => (await import('./update-publish.ts')).updatePublish,
  offer: async () => (await import('./update-offer.ts')).updateOffer,
  status: async () => (await import('./update-status.ts')).updateStatus,
  withdraw: async () => (await import('./update-withdraw.ts')).updateWithdraw,
  remove: async () => (await import('./update-remove.ts')).updateRemove,
} satisfies CommandLoaders;
/** The commands behind `simulate`. */
export const simulateCommands = {
  thermometer: async () => (await import('./simulate-thermometer.ts')).simulateThermometer,
  gnss: async () => (await import('./simulate-gnss.ts')).simulateGnss,
  adc: async () => (await import('./simulate-adc.ts')).simulateAdc,
  fleet: async () => (await import('./simulate-fleet.ts')).simulateFleet,
} satisfies CommandLoaders;
