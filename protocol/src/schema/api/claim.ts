import { Type, type Static } from 'typebox';
import { TimeUs } from '../names.ts';

const closed = { additionalProperties: false };

const CertificateRequest = Type.String({
  minLength: 1,
  maxLength: 8192,
  description: 'PKCS #10 request in PEM; its key stays with the device',
});

/** `POST /api/v1/devices {name, claim: true}`: what the device trades for its credential, shown this once. */
export const DeviceClaim = Type.Object({ device: Type.String(), claim: Type.String(), expiresAt: TimeUs });
export type DeviceClaim = Static<typeof DeviceClaim>;

/**
 * `GET /api/v1/devices/{id}/claim`: what became of the newest claim of a device. `none`: there is none; `open`: it
 * waits to be traded; `used`: it was; `expired`: its time is over.
 */
export const ClaimStateAnswer = Type.Object({
  device: Type.String(),
  state: Type.Unsafe<'none' | 'open' | 'used' | 'expired'>(
    Type.Union(['none', 'open', 'used', 'expired'].map((state) => Type.Literal(state))),
  ),
  /** Null where there is none. */
  expiresAtUs: Type.Union([TimeUs, Type.Null()]),
});
export type ClaimStateAnswer = Static<typeof ClaimStateAnswer>;

/** `POST /api/v1/claim`, over TLS. Without `request` the answer holds a password in the place of a certificate. */
export const ClaimTrade = Type.Object(
  {
    claim: Type.String({ minLength: 1, maxLength: 256 }),
    request: Type.Optional(CertificateRequest),
  },
  closed,
);
export type ClaimTrade = Static<typeof ClaimTrade>;

const issued = {
  device: Type.String(),
  username: Type.String(),
  /** PEM. */
  certificate: Type.String(),
  expiresAtUs: TimeUs,
  /** PEM of the authority that stands behind the gateway; null where it shows a certificate of a public one. */
  authority: Type.Union([Type.String(), Type.Null()]),
};

/** A certificate of a device, with what it shall trust from now on. */
export const IssuedCredential = Type.Object(issued);
export type IssuedCredential = Static<typeof IssuedCredential>;

/** What a claim was traded for: a certificate, or a password. */
export const ClaimedCredential = Type.Union([
  IssuedCredential,
  Type.Object({
    device: issued.device,
    username: issued.username,
    password: Type.String(),
    authority: issued.authority,
  }),
]);
export type ClaimedCredential = Static<typeof ClaimedCredential>;

/** `POST /api/v1/renew`, over TLS with the present certificate. */
export const RenewalRequest = Type.Object({ request: CertificateRequest }, closed);
export type RenewalRequest = Static<typeof RenewalRequest>;
