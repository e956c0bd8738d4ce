/** The step of `gateway.db` for updates over the air. */
export const updateTables = `
  CREATE TABLE update_bundles (
    sha256 TEXT PRIMARY KEY, version TEXT NOT NULL, arch TEXT NOT NULL, manifest TEXT NOT NULL,
    signature TEXT NOT NULL, published_at_us INTEGER NOT NULL) WITHOUT ROWID;
  CREATE UNIQUE INDEX update_bundles_version ON update_bundles (version, arch);
  CREATE TABLE update_offers (
    id TEXT PRIMARY KEY, version TEXT NOT NULL, target TEXT NOT NULL,
    offered_at_us INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE update_progress (
    offer TEXT NOT NULL, device TEXT NOT NULL, state TEXT NOT NULL, code TEXT, detail TEXT, at_us INTEGER NOT NULL,
    PRIMARY KEY (offer, device)) WITHOUT ROWID;
`;
