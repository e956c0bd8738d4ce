import { defineErrors } from './define.ts';

/** Errors of the source stage (ports, IIO devices, framing, drivers): numbers 2000 to 2499. */
export const sourceErrors = defineErrors({
  SOURCE_PORT_MISSING: {
    number: 2000,
    title: 'The serial port is not there.',
    remedy: 'Plug the sensor in, or correct `port` or `usb`; the agent goes on looking for it.',
  },
  SOURCE_PORT_BUSY: {
    number: 2001,
    title: 'The serial port is in use by another program.',
    remedy: 'Stop the other program (`fuser PORT` names it); the agent tries again by itself.',
  },
  SOURCE_PORT_DENIED: {
    number: 2002,
    title: 'This user may not open the serial port.',
    remedy: 'Add the user to the group that owns the port, commonly `dialout`.',
  },
  SOURCE_PORT_FAILED: {
    number: 2003,
    title: 'The serial port failed.',
    remedy: 'Check cable, power and baud rate; the agent opens it again by itself.',
  },
  SOURCE_SILENT: {
    number: 2004,
    title: 'The serial port has been silent for too long.',
    remedy: 'Check the sensor and its baud rate, or raise `silence`; the agent opens the port again.',
  },
  SOURCE_GARBAGE: {
    number: 2005,
    title: 'Bytes from the sensor were discarded, since they are not what its driver reads.',
    remedy: 'Check baud rate and driver; the command `stats` counts them by reason.',
  },
  SOURCE_IIO_UNREADABLE: {
    number: 2006,
    title: 'The IIO channel cannot be read.',
    remedy: 'Check `device`, `root` and the channel indexes against the files in sysfs.',
  },
  SOURCE_DRIVER_UNKNOWN: {
    number: 2007,
    title: 'There is no driver of this name.',
    remedy: 'Use one of the drivers that the message lists.',
  },
  SOURCE_HUNG: {
    number: 2040,
    title: 'The sensor does not answer.',
    remedy: 'Check wiring and power, or raise `timeout`; the agent waits and asks again by itself.',
  },
  SOURCE_FILE_UNREADABLE: {
    number: 2041,
    title: 'The file in sysfs that stands for the sensor cannot be read.',
    remedy: 'Check that its kernel module is loaded, and the configured names against the files.',
  },
  SOURCE_HTTP_FAILED: {
    number: 2042,
    title: 'The address gave no usable answer.',
    remedy: 'Check `url`, network and credentials; the agent asks again at the next interval.',
  },
  SOURCE_NO_VALUE: {
    number: 2043,
    title: 'The sensor answered with what is no measurement.',
    remedy: 'Check wiring and power supply; the command `stats` counts the reasons.',
  },
  SOURCE_NO_BURST: {
    number: 2060,
    title: 'No burst can begin here.',
    remedy:
      'Give the stream a `burst` in the configuration; where it has one, wait until the last bursts are sent.',
  },
});
