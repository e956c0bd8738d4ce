import { defineErrors } from './define.ts';

/** Errors of the sink stage: numbers 6000 to 6499. */
export const sinkErrors = defineErrors({
  STORE_UNREADABLE: {
    number: 6000,
    title: 'The embedded store cannot be opened.',
    remedy: 'Check that the folder exists, is writable by this user, and that the disk is not full.',
  },
  STORE_NEWER_SCHEMA: {
    number: 6001,
    title: 'The embedded store was written by a newer version.',
    remedy: 'Start the version that wrote it, or give this one another home.',
  },
  STORE_WRITE_FAILED: {
    number: 6002,
    title: 'The embedded store did not take the readings; they are tried again.',
    remedy: 'Look at the disk: full, read-only, or failing. Nothing is lost while the journal keeps them.',
  },
  STORE_WORKER_DIED: {
    number: 6003,
    title: 'The thread of the embedded store ended; it is started again.',
    remedy: 'If it recurs, look at the memory of this machine and at the disk that holds the store.',
  },
  SINK_STEP_FAILED: {
    number: 6004,
    title: 'A step between journal and store failed; it is tried again.',
    remedy: 'Look at the disk of the gateway and at the message; the journal keeps the readings meanwhile.',
  },
  STORE_DAMAGED: {
    number: 6005,
    title: 'The file of the embedded store is damaged.',
    remedy:
      'Restore it from a backup (`fieldline restore`), or fill it again from the journal (`fieldline replay`), and look at the disk.',
  },
  SINK_UNKNOWN: {
    number: 6006,
    title: 'There is no sink of this name.',
    remedy: 'GET /api/v1/pipeline names the sinks; `stores` of the configuration chooses them.',
  },
  SINK_NOT_REPLAYABLE: {
    number: 6007,
    title: 'This sink keeps nothing that could be filled again.',
    remedy: 'Name a store: embedded or influxdb.',
  },
  SINK_REPLAYS_WHOLE: {
    number: 6008,
    title: 'This sink can only be filled again as a whole.',
    remedy:
      'Replay from 0. What the journal holds no more is then in the file beside the store only: allow that with --incomplete.',
  },
  INFLUX_UNREACHABLE: {
    number: 6010,
    title: 'InfluxDB does not answer at this URL; writing is tried again.',
    remedy:
      'Check that InfluxDB runs, and that `influxdb.url` or FIELDLINE_INFLUX_URL is right (such as http://127.0.0.1:8086).',
  },
  INFLUX_UNAUTHORIZED: {
    number: 6011,
    title: 'InfluxDB refuses the user name, password or token; writing is tried again.',
    remedy:
      'Set `influxdb.username` and `influxdb.password` (1.x), or `influxdb.token` (2.x, 3.x), to one that may write to the database.',
  },
  INFLUX_NOT_INFLUX: {
    number: 6012,
    title: 'What answers at this URL is not InfluxDB.',
    remedy:
      'Set `influxdb.url` or FIELDLINE_INFLUX_URL to the HTTP address of InfluxDB (such as http://127.0.0.1:8086).',
  },
  INFLUX_DATABASE_MISSING: {
    number: 6013,
    title: 'The InfluxDB database is missing and could not be created.',
    remedy:
      'Create it (1.x: `CREATE DATABASE fieldline`; 2.x: `influx bucket create`), or let the user create databases.',
  },
  INFLUX_OVERLOADED: {
    number: 6014,
    title: 'InfluxDB asks for patience or failed inside; writing is tried again.',
    remedy: 'Look at the log, the disk and the memory of InfluxDB. The journal keeps the readings meanwhile.',
  },
  INFLUX_REJECTED_POINT: {
    number: 6015,
    title: 'InfluxDB refuses this point for good.',
    remedy:
      'Read the reason: most often a field of this measurement has another type, or the time lies outside the retention policy.',
  },
  INFLUX_DISK_FULL: {
    number: 6017,
    title: 'The disk of InfluxDB is full; writing is tried again.',
    remedy:
      'Make room there, then start InfluxDB again: 1.x goes on refusing until then. The journal keeps the readings meanwhile, up to `limits.journalBytes`.',
  },
  INFLUX_STATE_UNUSABLE: {
    number: 6018,
    title: 'The state file of the InfluxDB sink cannot be read or made durable; it is tried again.',
    remedy:
      'Look at the disk, the rights of the folder `sinks` and the limit of open files. Where `influxdb.keepReadings` is set, do not remove the file: it holds the count of readings that were retired.',
  },
  POINT_NOT_ENCODABLE: {
    number: 6016,
    title: 'This reading cannot be written as line protocol.',
    remedy: 'Correct the name or the value that the reason shows.',
  },
});
