/** A name of the wire as people read it: `wind_speed` becomes `wind speed`. */
export function showName(name: string): string {
  return name.replaceAll(/[_-]+/g, ' ');
}

/** The same at the start of a line. */
export function showTitle(name: string): string {
  const text = showName(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
