/** Where InfluxDB is, and as whom it is spoken to. */
export interface InfluxAddress {
  /** Such as `http://127.0.0.1:8086`, with or without a path before `/write`; no user name or password in it. */
  readonly url: string;
  readonly database: string;
  readonly username?: string;
  readonly password?: string;
}

/** Takes a user name and password out of the URL, where they would reach logs; explicit ones win. */
export function withoutCredentials(address: InfluxAddress): InfluxAddress {
  const url = new URL(address.url);
  const username = address.username ?? decodeURIComponent(url.username);
  const password = address.password ?? decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  return {
    url: url.href,
    database: address.database,
    ...(username === '' ? {} : { username, password }),
  };
}
