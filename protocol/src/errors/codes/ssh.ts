import { defineErrors } from './define.ts';

/** Errors of installing over SSH: numbers 9500 to 9599. */
export const sshErrors = defineErrors({
  SSH_UNREACHABLE: {
    number: 9500,
    title: 'The device cannot be reached over SSH.',
    remedy: 'Check its address and port, that it is on, and that SSH is switched on there.',
  },
  SSH_HOST_UNKNOWN: {
    number: 9501,
    title: 'This machine has never been seen, and could be another one than you mean.',
    remedy:
      'Compare the fingerprint with what the device says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), and give it with --accept-host-key.',
  },
  SSH_HOST_CHANGED: {
    number: 9502,
    title: 'The machine shows another key than before: nothing was sent to it.',
    remedy:
      'If it was set up anew, remove its line (ssh-keygen -R HOST) and try again; if not, somebody may stand between.',
  },
  SSH_DENIED: {
    number: 9503,
    title: 'The device lets nobody in with this key or password.',
    remedy:
      'Check the user, and give the right --ssh-key, FIELDLINE_SSH_PASSWORD, or an ssh-agent that has the key (ssh-add), where it has a passphrase.',
  },
  SSH_DEVICE_UNSUITABLE: {
    number: 9504,
    title: 'The agent cannot run on this device.',
    remedy:
      'Mend what the message names; the packages need Debian 12 or newer with systemd, on arm64, armhf or amd64.',
  },
  SSH_NO_SPACE: {
    number: 9505,
    title: 'The device has no room for the agent.',
    remedy: 'Free some space on it: apt-get clean and journalctl --vacuum-size=50M often help.',
  },
  SSH_UPLOAD_FAILED: {
    number: 9506,
    title: 'What arrived on the device is not what was sent, or did not arrive.',
    remedy: 'Try again; what runs on the device was not touched.',
  },
  SSH_INSTALL_FAILED: {
    number: 9507,
    title: 'The agent could not be installed; what was there before is there again.',
    remedy: 'Read what the device says, mend it, and try again.',
  },
  SSH_NOT_DELIVERING: {
    number: 9508,
    title: 'The agent was installed and delivered nothing; what was there before is there again.',
    remedy:
      'Check that the device reaches the gateway at the address of --gateway, its claim, and its sensors; --no-wait installs without waiting.',
  },
  SSH_NOT_TAKEN_BACK: {
    number: 9509,
    title: 'The installation failed, and what was there before could not be put back.',
    remedy:
      'Look at the device: `dpkg -l "fieldline-*"` and `systemctl status fieldline-agent`; then try again.',
  },
  SSH_CONNECTION_LOST: {
    number: 9510,
    title: 'The connection to the device broke.',
    remedy: 'Run the command again: it puts right what was left half done.',
  },
  SSH_DEVICE_OTHER: {
    number: 9511,
    title: 'This device has another name already, and may hold readings under it.',
    remedy:
      'Give its present name with --name; to use it for something else, remove the agent and its readings first: sudo dpkg -P fieldline-agent.',
  },
  SSH_PORT_MISSING: {
    number: 9512,
    title: 'The device does not have a serial port that the configuration names.',
    remedy:
      'Plug the sensor in, or correct its `port`: ls -l /dev/serial/by-id /dev/tty* on the device shows what is there.',
  },
  SSH_NOT_REPORTING: {
    number: 9513,
    title: 'The device is as it shall be, and does not report to the gateway; nothing was changed.',
    remedy:
      'Look at what the agent says there (journalctl -u fieldline-agent), and whether the device reaches the gateway; --no-wait skips this.',
  },
});
