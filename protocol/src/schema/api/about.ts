import { Type, type Static } from 'typebox';
import { TimeUs } from '../names.ts';

/** Null where nothing listens there. */
const Port = Type.Union([Type.Integer(), Type.Null()]);

/** `GET /api/v1/about`: what this gateway is, and by what devices reach it. */
export const AboutAnswer = Type.Object({
  /** Of the gateway's package. */
  version: Type.String(),
  /** Of the Node.js that runs it. */
  nodeVersion: Type.String(),
  startedAtUs: TimeUs,
  nowUs: TimeUs,
  /** The primary store first, which answers queries. */
  stores: Type.Array(Type.String()),
  /** What is laid down on disk and wire, each with the version that this gateway writes. */
  schemas: Type.Array(Type.Object({ name: Type.String(), version: Type.Integer() })),
  /** SHA-256 of what vouches for this gateway, base64url: the middle part of every claim. */
  fingerprint: Type.String(),
  /** Ports on which it listens now. */
  ports: Type.Object({ mqtt: Port, mqtts: Port, https: Port }),
});
export type AboutAnswer = Static<typeof AboutAnswer>;
