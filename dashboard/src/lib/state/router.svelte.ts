import { parseRoute, type Route } from './routes.ts';

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

  /** Changes what follows the question mark, and nothing else; `replace` as in `go`. */
  setQuery(change: (query: URLSearchParams) => void, options: { replace?: boolean } = {}): void {
    const url = new URL(location.href);
    change(url.searchParams);
    if (url.href !== location.href) this.go(url.href, options);
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
