import { createHash } from 'node:crypto';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

/** A package that is part of something. */
export interface Material {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly licence?: string | undefined;
  /** As a lock file has it: `sha512-…` in base64. */
  readonly integrity?: string | undefined;
  /** Where it came from. */
  readonly resolved?: string | undefined;
}

/**
 * A bill of materials as CycloneDX 1.6 JSON: what `product` is made of, each package once. The same packages and the same
 * `seed` give the same bytes.
 */
export function billOfMaterials(
  product: { readonly name: string; readonly version: string },
  packages: readonly Material[],
  seed: string,
): string {
  const bom = new Models.Bom({ serialNumber: serialOf(seed) });
  bom.metadata.component = new Models.Component(Enums.ComponentType.Application, product.name, {
    version: product.version,
    bomRef: product.name,
  });
  // A package may stand in several places of the tree: it is one component.
  const distinct = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  for (const each of distinct.values()) bom.components.add(toComponent(each));
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return serializer.serialize(bom, { sortLists: true, space: 2 });
}

function toComponent({ name, version, licence, integrity, resolved }: Material): Models.Component {
  const scoped = /^(@[^/]+)\/(.+)$/.exec(name);
  const component = new Models.Component(Enums.ComponentType.Library, scoped?.[2] ?? name, {
    version,
    bomRef: `${name}@${version}`,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(scoped?.[1] !== undefined && { group: scoped[1] }),
  });
  if (licence !== undefined) component.licenses.add(new Models.LicenseExpression(licence));
  const [, algorithm, digest] = /^(sha512)-([\w+/=]+)$/.exec(integrity ?? '') ?? [];
  if (algorithm !== undefined && digest !== undefined)
    component.hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex'));
  if (resolved !== undefined) {
    const reference = new Models.ExternalReference(resolved, Enums.ExternalReferenceType.Distribution);
    component.externalReferences.add(reference);
  }
  return component;
}

/** A UUID (RFC 9562, version 8) from what identifies the tree, so that the same one has the same number. */
function serialOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  const variant = ((parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return `urn:uuid:${[...parts, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')}`;
}
