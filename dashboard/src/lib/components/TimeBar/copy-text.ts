/**
 * Puts text on the clipboard; false where the browser does not allow it. A dashboard on a plain address of a
 * LAN is no secure context and has no `navigator.clipboard`: there the old command still works.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    // The types promise it everywhere; the platform only where the context is secure.
    if ('clipboard' in navigator && (navigator.clipboard as Clipboard | undefined) !== undefined) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused: the old way may still work.
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  document.body.append(field);
  const before = document.activeElement;
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way outside secure contexts
  const done = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
