export * from './install-over-ssh.ts';
export { hostName, knownHostLine } from './known-hosts.ts';
export * from './probe-device.ts';
export { openSsh, type SshSession, type SshTarget } from './ssh-session.ts';
