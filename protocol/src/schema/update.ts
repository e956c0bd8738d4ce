import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false };

/** The architectures that updates are made for, by Debian's names. */
export const UpdateArch = Type.Union([Type.Literal('amd64'), Type.Literal('arm64'), Type.Literal('armhf')]);
export type UpdateArch = Static<typeof UpdateArch>;

/** Largest bundle of an update, in bytes, and largest tree that it may unpack to: a device has both in memory for a moment. */
export const updateBundleBytesMax = 8 * 1024 * 1024;
export const updateUnpackedBytesMax = 16 * 1024 * 1024;

/** A version by Semantic Versioning 2.0.0, at most 64 characters. */
const Version = Type.String({
  pattern: '^\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}(-[0-9A-Za-z.-]{1,32})?$',
  maxLength: 64,
  description: 'Semantic version, such as 0.2.0',
});

/** SHA-256 in hexadecimal digits. */
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, hexadecimal' });

/** What a bundle is: the JSON text of this is what is signed. */
export const UpdateManifest = Type.Object(
  {
    format: Type.Literal(1),
    name: Type.Literal('fieldline-agent'),
    version: Version,
    arch: UpdateArch,
    /** Of the bundle, a gzipped tar archive, and of the files in it. */
    sizeBytes: Type.Integer({ minimum: 1, maximum: updateBundleBytesMax }),
    unpackedBytes: Type.Integer({ minimum: 1, maximum: updateUnpackedBytesMax }),
    sha256: Sha256,
    /** A device may go back to it from a newer one. Signed, so that no gateway can send devices back by itself. */
    allowDowngrade: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type UpdateManifest = Static<typeof UpdateManifest>;

/** A manifest as it was signed (Ed25519, RFC 8032): the exact text, and the signature over its UTF-8 bytes. */
export const SignedManifest = Type.Object(
  {
    manifest: Type.String({ minLength: 1, maxLength: 2048, description: 'JSON text of the manifest' }),
    signature: Type.String({ pattern: '^[\\w-]{86}$', description: 'Ed25519, base64url' }),
  },
  closed,
);
export type SignedManifest = Static<typeof SignedManifest>;

/** Arguments of the command `update`: one version, for each architecture that there is a bundle for. */
export const UpdateOrder = Type.Object(
  {
    offer: Type.String({ pattern: '^[\\w-]{1,64}$' }),
    bundles: Type.Array(SignedManifest, { minItems: 1, maxItems: 8 }),
    /** Where the bundle is: `https://HOST:port/api/v1/updates/bundles/SHA256?ticket=…` on the gateway's host. */
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    ticket: Type.String({ minLength: 1, maxLength: 256 }),
    /** By what the gateway is recognised where the device knows no authority: SHA-256, base64url. */
    pin: Type.String({ pattern: '^[\\w-]{43}$' }),
  },
  closed,
);
export type UpdateOrder = Static<typeof UpdateOrder>;

/** How far an update has come on a device. The last three are its end; after `failed` it is tried again when offered again. */
export const UpdateStep = Type.Union([
  Type.Literal('downloading'),
  Type.Literal('installing'),
  Type.Literal('trial'),
  Type.Literal('failed'),
  Type.Literal('committed'),
  Type.Literal('rolled-back'),
  Type.Literal('refused'),
]);
export type UpdateStep = Static<typeof UpdateStep>;

/** What a device says of its newest update, in its status. */
export const UpdateProgress = Type.Object(
  {
    offer: Type.String({ maxLength: 64 }),
    version: Type.String({ maxLength: 64 }),
    state: UpdateStep,
    /** Why, by the error registry, and in words. */
    code: Type.Optional(Type.String({ pattern: '^[A-Z][A-Z0-9_]{0,63}$' })),
    detail: Type.Optional(Type.String({ maxLength: 512 })),
  },
  closed,
);
export type UpdateProgress = Static<typeof UpdateProgress>;
