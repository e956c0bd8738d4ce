/** Time ranges of the device page, by their name in the address, in µs. */
export const ranges = { '1m': 60e6, '5m': 300e6, '15m': 900e6, '1h': 3600e6 } as const;

/** The name of a time range. */
export type RangeName = keyof typeof ranges;

/** Which page is shown; all of it stands in the address. */
export type Route =
  | { readonly page: 'fleet' }
  | { readonly page: 'ledger' }
  | { readonly page: 'pipeline' }
  | { readonly page: 'device'; readonly device: string; readonly range: RangeName }
  | { readonly page: 'unknown' };

/** The range where the address names none. */
export const defaultRange: RangeName = '5m';

/** The address of a device's page. */
export function deviceHref(device: string, range: RangeName = defaultRange): string {
  const query = range === defaultRange ? '' : `?range=${range}`;
  return `/devices/${encodeURIComponent(device)}${query}`;
}

/** Reads an address. */
export function parseRoute(url: URL): Route {
  if (url.pathname === '/') return { page: 'fleet' };
  if (url.pathname === '/ledger') return { page: 'ledger' };
  if (url.pathname === '/pipeline') return { page: 'pipeline' };
  const device = /^\/devices\/([^/]+)$/.exec(url.pathname)?.[1];
  if (device === undefined) return { page: 'unknown' };
  return { page: 'device', device: decode(device), range: parseRange(url.searchParams.get('range')) };
}

function parseRange(name: string | null): RangeName {
  return name === '1m' || name === '5m' || name === '15m' || name === '1h' ? name : defaultRange;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Follows the address bar, and turns clicks on links of this page into changes of the page. */
export class Router {
  route = $state.raw<Route>(parseRoute(new URL(location.href)));

  /** Shows another page; `replace` leaves no step in the browser's history. */
  go(href: string, options: { replace?: boolean } = {}): void {
    if (options.replace) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
    this.#read();
  }

  /** Listens until the returned function is called. */
  start(): () => void {
    const read = () => this.#read();
    const click = (event: MouseEvent) => this.#click(event);
    addEventListener('popstate', read);
    document.addEventListener('click', click);
    return () => {
      removeEventListener('popstate', read);
      document.removeEventListener('click', click);
    };
  }

  #read(): void {
    this.route = parseRoute(new URL(location.href));
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download')) return;
    if (link.hash || link.getAttribute('href')?.startsWith('#')) return;
    event.preventDefault();
    this.go(link.href);
    scrollTo(0, 0);
  }
}
