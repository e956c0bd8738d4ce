/** The pages, by name, and where each stands; `:name` is one part of the path. */
const paths = {
  fleet: '/',
  map: '/map',
  device: '/devices/:device',
  config: '/devices/:device/config',
  explore: '/explore',
  pipeline: '/pipeline',
  ledger: '/ledger',
  about: '/about',
  users: '/users',
  audit: '/audit',
  addDevice: '/add-device',
  alerts: '/alerts',
  newAlertRule: '/alerts/new',
  alertRule: '/alerts/rules/:rule',
  deadLetters: '/dead-letters',
} as const;

/** The name of a page; `unknown` where an address leads nowhere. */
export type PageName = keyof typeof paths | 'unknown';

/** An address, read: the page, the parts of its path that have a name, and what follows the question mark. */
export interface Route {
  readonly page: PageName;
  readonly parts: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** Reads an address. */
export function parseRoute(url: URL): Route {
  for (const page of Object.keys(paths) as (keyof typeof paths)[]) {
    const parts = match(paths[page], url.pathname);
    if (parts) return { page, parts, query: url.searchParams };
  }
  return { page: 'unknown', parts: {}, query: url.searchParams };
}

/** The address of the page on which a device's configuration is changed. */
export function configHref(device: string): string {
  return `${deviceHref(device)}/config`;
}

/** The address of the Explore page with these streams. */
export function exploreHref(streams: readonly string[] = []): string {
  const query = new URLSearchParams(streams.map((stream) => ['s', stream]));
  return streams.length > 0 ? `/explore?${query}` : '/explore';
}

/** The address of the page on which a device is added; with a name, of this one. */
export function addDeviceHref(device?: string): string {
  return device === undefined ? '/add-device' : `/add-device?${new URLSearchParams({ device })}`;
}

/** The address of the page on which a rule of alerts is made. */
export const newRuleHref = paths.newAlertRule;

/** The address of the page on which a rule of alerts is changed. */
export function ruleHref(rule: string): string {
  return `/alerts/rules/${encodeURIComponent(rule)}`;
}

/** The address of a device's page. */
export function deviceHref(device: string): string {
  return `/devices/${encodeURIComponent(device)}`;
}

function match(pattern: string, pathname: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = pathname.split('/');
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, name] of wanted.entries()) {
    const text = given[index] ?? '';
    if (name.startsWith(':') && text !== '') parts[name.slice(1)] = decode(text);
    else if (name !== text) return undefined;
  }
  return parts;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
