import { defineErrors } from './define.ts';

/** Errors of the HTTP API and the live socket: numbers 7000 to 7499. */
export const apiErrors = defineErrors({
  API_NOT_FOUND: {
    number: 7000,
    title: 'There is nothing at this address.',
    remedy: 'GET /api/v1/openapi.json lists every address.',
  },
  API_BAD_REQUEST: {
    number: 7001,
    title: 'The request is not as this address expects it.',
    remedy: 'Correct what the detail names; GET /api/v1/openapi.json describes each parameter.',
  },
  API_UNAUTHORIZED: {
    number: 7002,
    title: 'This needs somebody who may do it.',
    remedy:
      'Sign in; programs give a token with --token or FIELDLINE_TOKEN, on the machine of the gateway also --home for its `admin.token`; over HTTP as `Authorization: Bearer TOKEN`.',
  },
  API_FORBIDDEN_ROLE: {
    number: 7040,
    title: 'The role of this user or token is not enough.',
    remedy:
      'Sign in as a user with the role that the detail names, or have an administrator change the role.',
  },
  API_FORBIDDEN_HOST: {
    number: 7003,
    title: 'The Host header does not name this gateway.',
    remedy: 'Open it by its IP address or by localhost, or add the name to `http.allowedHosts`.',
  },
  API_FORBIDDEN_ORIGIN: {
    number: 7004,
    title: 'A page of another origin may neither change anything nor open the live socket.',
    remedy:
      'Open the dashboard at the address of the gateway; name a proxy in front of it in `http.allowedHosts`.',
  },
  API_DEVICE_UNKNOWN: {
    number: 7005,
    title: 'There is no device of this name.',
    remedy: '`fieldline device list` (GET /api/v1/devices) names them; `fieldline device add` registers one.',
  },
  API_TOO_LARGE: {
    number: 7007,
    title: 'The request is larger than the limit.',
    remedy: 'Send less in one request.',
  },
  API_INTERNAL: {
    number: 7008,
    title: 'The gateway failed to answer.',
    remedy: 'Look into the log of the gateway for this time, and report it.',
  },
  API_PORT_IN_USE: {
    number: 7009,
    title: 'The HTTP address cannot be listened on.',
    remedy:
      'End the program that uses the port, or choose another with `http.port` or --http-port (0: any free one).',
  },
  API_NOT_READY: {
    number: 7010,
    title: 'The gateway is not ready to answer this yet.',
    remedy: 'Try again in a moment; GET /readyz says what is missing.',
  },
  API_CONFIG_CONFLICT: {
    number: 7011,
    title: 'The configuration has been changed by somebody else meanwhile.',
    remedy:
      'Take the newest (`desired` in this answer), make the change in it, and send that with its version.',
  },
  API_DEVICE_AWAY: {
    number: 7012,
    title: 'The device is not connected.',
    remedy: 'Try again when it is: GET /api/v1/devices says which are online.',
  },
  API_DEVICE_UNANSWERED: {
    number: 7013,
    title: 'The device is connected and has not answered in time.',
    remedy: 'Try again; if this repeats, look into the log of the agent, which may be overloaded.',
  },
  API_DEVICE_REFUSED: {
    number: 7014,
    title: 'The device could not do this.',
    remedy: 'Read what it says in the detail; an older agent may not know the command.',
  },
  API_COMMANDS_BUSY: {
    number: 7015,
    title: 'Too many commands wait for their devices.',
    remedy: 'Try again in some seconds.',
  },
  API_SIGN_IN_REFUSED: {
    number: 7041,
    title: 'Name or password is wrong.',
    remedy: 'Try again; an administrator gives a new password with `fieldline user passwd NAME`.',
  },
  API_TOO_MANY_ATTEMPTS: {
    number: 7042,
    title: 'Too many attempts failed.',
    remedy: 'Wait as long as the detail says; look for a program with an old password if this repeats.',
  },
  USER_EXISTS: {
    number: 7043,
    title: 'A user of this name exists already.',
    remedy: 'Choose another name, or change the user with `fieldline user passwd NAME`.',
  },
  USER_UNKNOWN: {
    number: 7044,
    title: 'There is no user of this name.',
    remedy: '`fieldline user list` names them.',
  },
  USER_LIMIT: {
    number: 7045,
    title: 'There are as many users as `limits.users` allows.',
    remedy: 'Remove users that are gone, or raise the limit.',
  },
  PASSWORD_WEAK: {
    number: 7046,
    title: 'This password is too easy to guess.',
    remedy: 'Take at least 12 characters that do not hold the name; several words make a good one.',
  },
  CLAIM_REFUSED: {
    number: 7049,
    title: 'This claim cannot be traded: it is wrong, over, or was traded already.',
    remedy: 'Have an administrator make a new one: `fieldline device add NAME --claim`.',
  },
  CERTIFICATE_REQUEST_INVALID: {
    number: 7050,
    title: 'The request for a certificate cannot be used.',
    remedy: 'Send a PKCS #10 request in PEM, signed by its key: EC P-256, Ed25519, or RSA from 2048 bits.',
  },
  API_NEEDS_TLS: {
    number: 7051,
    title: 'This is answered over TLS alone.',
    remedy: 'Use the https address of the gateway; `https` in its configuration says where it listens.',
  },
  API_NEEDS_CERTIFICATE: {
    number: 7052,
    title: 'This needs the present certificate of the device.',
    remedy: 'Show it in the TLS handshake; where it is over or revoked, the device needs a new claim.',
  },
  TOKEN_UNKNOWN: {
    number: 7047,
    title: 'There is no token of this id.',
    remedy: '`fieldline token list` names them.',
  },
  TOKEN_LIMIT: {
    number: 7048,
    title: 'There are as many tokens as `limits.tokens` allows.',
    remedy: 'Revoke tokens that nobody uses, or raise the limit.',
  },
});
