const usPerSec = 1e6;
const usDigits = 6;
let lastSec = -1;
let lastSecText = '';

/**
 * A time in microseconds as text. Numbers beyond 32 bits take the engine long to write: the seconds are those
 * of the time before in most cases, and the rest is short.
 */
export function timeText(timeUs: number): string {
  if (timeUs < usPerSec) return String(timeUs);
  const sec = Math.floor(timeUs / usPerSec);
  if (sec !== lastSec) {
    lastSec = sec;
    lastSecText = String(sec);
  }
  return lastSecText + String(timeUs - sec * usPerSec).padStart(usDigits, '0');
}
