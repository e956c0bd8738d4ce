import { defineErrors } from './define.ts';

/** Errors of the broker, of the device registry and of the gateway's start: numbers 5000 to 5499. */
export const brokerErrors = defineErrors({
  MQTT_PORT_BUSY: {
    number: 5000,
    title: 'Another program listens on this MQTT port already.',
    remedy: 'Stop that program, or choose another port with `mqtt.port` (0 takes any free one).',
  },
  MQTT_LISTEN_FAILED: {
    number: 5001,
    title: 'The MQTT listener could not be opened.',
    remedy: 'Choose an address of this machine and a port that this user may open.',
  },
  HOME_UNUSABLE: {
    number: 5002,
    title: 'The home directory cannot be used.',
    remedy: 'Make it a directory that this user owns and may write, or choose another with FIELDLINE_HOME.',
  },
  HOME_IN_USE: {
    number: 5003,
    title: 'Another gateway uses this home directory.',
    remedy: 'Stop that gateway first, or give this one a home of its own with FIELDLINE_HOME.',
  },
  DATABASE_UNUSABLE: {
    number: 5004,
    title: 'The database of the gateway cannot be opened.',
    remedy: 'Check the disk and the permissions; move the damaged file away to start with an empty registry.',
  },
  CERTIFICATE_AUTHORITY_UNUSABLE: {
    number: 5005,
    title: 'The certificate authority of the gateway cannot be used.',
    remedy:
      'Restore `ca/` of the home from a backup; without one, move it away, and claim every device anew that uses a certificate.',
  },
  CERTIFICATE_FILE_UNUSABLE: {
    number: 5006,
    title: 'Certificate or key of the TLS listeners cannot be used.',
    remedy: 'Give PEM files that this user may read, and the key that belongs to the certificate.',
  },
  CONNECT_MALFORMED: {
    number: 5010,
    title: 'The connection did not begin with an MQTT CONNECT packet.',
    remedy: 'Point only MQTT 3.1.1 clients at this port; browsers and scanners belong elsewhere.',
  },
  CONNECT_TOO_LARGE: {
    number: 5011,
    title: 'The CONNECT packet is larger than `limits.connectBytes`.',
    remedy: 'Shorten the will or the password of this client, or raise the limit.',
  },
  CONNECT_TIMEOUT: {
    number: 5012,
    title: 'No complete CONNECT packet arrived in time.',
    remedy: 'Look for a port scanner or a broken network; a device sends CONNECT at once.',
  },
  PACKET_TOO_LARGE: {
    number: 5013,
    title: 'A packet is larger than the limit, and it is not a batch that could be set aside.',
    remedy: 'Lower the flush interval of the agent, or raise `limits.batchBytes` at the gateway.',
  },
  PACKET_MALFORMED: {
    number: 5014,
    title: 'The bytes of an open session are not MQTT.',
    remedy: 'Look for a broken client or a proxy that changes what passes through it.',
  },
  CONNECTION_LIMIT: {
    number: 5015,
    title: 'The gateway has as many connections as `limits.connections` allows.',
    remedy: 'Raise the limit, or look for clients that connect again and again.',
  },
  UNAUTHENTICATED_LIMIT: {
    number: 5016,
    title: 'Too many connections wait to be authenticated.',
    remedy: 'Nothing, after a restart: devices come back by themselves. Otherwise look for a flood.',
  },
  CREDENTIAL_REFUSED: {
    number: 5017,
    title: 'The user name or the password is wrong, or the device is revoked.',
    remedy: 'Register the device with `fieldline device add NAME` and give its agent that password.',
  },
  ANONYMOUS_REFUSED: {
    number: 5018,
    title: 'The client gave no user name or no password.',
    remedy: 'Register the device with `fieldline device add NAME` and give its agent that password.',
  },
  CLIENT_ID_MISMATCH: {
    number: 5019,
    title: 'The client id is not the user name.',
    remedy: 'Set the client id of this client to its device id.',
  },
  SESSION_REPLACED: {
    number: 5020,
    title: 'A new connection of the same device took the place of the old one.',
    remedy: 'Nothing once after a network change; when it repeats, two machines share one identity.',
  },
  ADDRESS_LIMIT: {
    number: 5022,
    title: 'Too many connections from one address wait to be authenticated.',
    remedy:
      'Look for a flood from there; where a whole fleet comes from one address, raise `limits.unauthenticatedPerAddress`.',
  },
  TLS_HANDSHAKE_FAILED: {
    number: 5023,
    title: 'A TLS handshake did not come to its end.',
    remedy:
      'Look at the reason: most often a client that speaks no TLS, or one that does not trust the gateway.',
  },
  CERTIFICATE_REFUSED: {
    number: 5024,
    title: 'The certificate of the client does not count: it is revoked, replaced, or over.',
    remedy: 'Give the device a new claim: `fieldline device add NAME --claim`.',
  },
  CERTIFICATE_EXPIRED: {
    number: 5025,
    title: 'The certificate of an open session has ended, and the session with it.',
    remedy:
      'Nothing where the device comes back with its next certificate; otherwise give it a new claim: `fieldline device add NAME --claim`.',
  },
  KEEPALIVE_TIMEOUT: {
    number: 5021,
    title: 'Nothing came from the client within one and a half times its keep-alive.',
    remedy: 'Look at the network of the device; it connects again by itself.',
  },
  TOPIC_DENIED: {
    number: 5030,
    title: 'This client may not publish on this topic.',
    remedy: 'Publish only on batch, status, config/reported and command/reply below the own device id.',
  },
  SUBSCRIPTION_DENIED: {
    number: 5031,
    title: 'This client may not subscribe to this topic.',
    remedy: 'Subscribe only to config/desired and command below the own device id.',
  },
  WILL_DENIED: {
    number: 5032,
    title: 'The will is not an offline status of the device that left it.',
    remedy: 'Set the will to the own status topic with a status whose `online` is false.',
  },
  BATCH_QOS_DENIED: {
    number: 5033,
    title: 'A batch was published with another quality of service than 1.',
    remedy: 'Publish batches with QoS 1: its acknowledgement says that the batch is durable.',
  },
  BATCH_RETAIN_DENIED: {
    number: 5034,
    title: 'A batch was published as a retained message.',
    remedy: 'Publish batches without the retain flag.',
  },
  STATUS_INVALID: {
    number: 5035,
    title: 'The message on this topic does not have the shape that the topic asks for.',
    remedy: 'Correct the field that the reason names; docs/reference/wire.md describes the shape.',
  },
  DEVICE_EXISTS: {
    number: 5100,
    title: 'A device of this name is registered already.',
    remedy:
      'Choose another name; for a new card of the same device take the old one its credential first: `fieldline device revoke NAME`.',
  },
  DEVICE_NAME_INVALID: {
    number: 5101,
    title: 'This is not a device name.',
    remedy: 'Use lower-case letters, digits and hyphens, at most 63, beginning with a letter or a digit.',
  },
  DEVICE_LIMIT: {
    number: 5102,
    title: 'The gateway has as many devices as `limits.devices` allows.',
    remedy: 'Raise the limit, or remove devices that are gone.',
  },
});
