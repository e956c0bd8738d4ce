/** Elements that mean something else by the space bar. */
const ownSpace = 'input, textarea, select, button, a[href], summary, [contenteditable], [tabindex="0"]';

/** True where a press of the space bar is meant for the page: nothing that has the focus would take it. */
export function isPageSpace(event: KeyboardEvent): boolean {
  if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
    return false;
  return !(event.target instanceof Element && event.target.closest(ownSpace));
}
