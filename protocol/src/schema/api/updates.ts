import { Type, type Static } from 'typebox';
import { DeviceId, TimeUs } from '../names.ts';
import { Sha256, SignedManifest, UpdateArch, updateBundleBytesMax, UpdateStep } from '../update.ts';

const closed = { additionalProperties: false };

/** Characters of the largest bundle in base64url. */
export const updateBundleCharsMax = Math.ceil((updateBundleBytesMax * 4) / 3);

/** `POST /api/v1/updates/bundles`: a bundle with what was signed. */
export const BundleUpload = Type.Object(
  {
    ...SignedManifest.properties,
    content: Type.String({
      minLength: 1,
      maxLength: updateBundleCharsMax,
      description: 'The bundle, base64url',
    }),
  },
  closed,
);
export type BundleUpload = Static<typeof BundleUpload>;

/** A bundle that the gateway has. */
export const BundleSummary = Type.Object({
  version: Type.String(),
  arch: UpdateArch,
  sizeBytes: Type.Integer(),
  sha256: Sha256,
  publishedAt: TimeUs,
});
export type BundleSummary = Static<typeof BundleSummary>;

/** To whom a version is offered: all that are named here must hold; nothing named is every device. */
export const UpdateTarget = Type.Object(
  {
    devices: Type.Optional(Type.Array(DeviceId, { minItems: 1, maxItems: 1000 })),
    /** Devices with this tag in their configuration. */
    tag: Type.Optional(
      Type.Object({ name: Type.String({ maxLength: 64 }), value: Type.String({ maxLength: 256 }) }, closed),
    ),
    /** So many of a hundred, chosen by name and version: a larger figure later holds those of the smaller one. */
    percent: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100 })),
  },
  closed,
);
export type UpdateTarget = Static<typeof UpdateTarget>;

/** `POST /api/v1/updates/offers`. */
export const NewOffer = Type.Object(
  { version: Type.String({ maxLength: 64 }), target: UpdateTarget },
  closed,
);
export type NewOffer = Static<typeof NewOffer>;

/** How far an offer has come on one device; `offered`: the device has not said anything yet. */
export const OfferProgress = Type.Object({
  device: Type.String(),
  state: Type.Union([Type.Literal('offered'), UpdateStep]),
  code: Type.Union([Type.String(), Type.Null()]),
  detail: Type.Union([Type.String(), Type.Null()]),
  at: Type.Union([TimeUs, Type.Null()]),
});
export type OfferProgress = Static<typeof OfferProgress>;

/** An offer, with every device that it is for. */
export const OfferSummary = Type.Object({
  id: Type.String(),
  version: Type.String(),
  target: UpdateTarget,
  offeredAt: TimeUs,
  progress: Type.Array(OfferProgress),
});
export type OfferSummary = Static<typeof OfferSummary>;

/** `GET /api/v1/updates`. */
export const UpdatesAnswer = Type.Object({
  bundles: Type.Array(BundleSummary),
  offers: Type.Array(OfferSummary),
});
export type UpdatesAnswer = Static<typeof UpdatesAnswer>;
