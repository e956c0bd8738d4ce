/** Readings of the held value before the clock is looked at again: some ten belong to one message. */
const readingsMax = 64;

/**
 * A clock for statistics: looks at `read` once, and answers the same for the next readings of one turn of the event
 * loop. Under load a message would else look at the clock fifteen times.
 */
export function heldClock(read: () => number): () => number {
  let value = 0;
  let left = 0;
  let isHeld = false;
  const letGo = (): void => {
    isHeld = false;
    left = 0;
  };
  return () => {
    if (left > 0) {
      left -= 1;
      return value;
    }
    value = read();
    left = readingsMax;
    if (!isHeld) {
      isHeld = true;
      setImmediate(letGo);
    }
    return value;
  };
}
