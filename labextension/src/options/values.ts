/** Converts what a person types into values of options, and back. */

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1]
];

const DURATION =
  /^\s*(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+)\s*s)?\s*$/i;

/** Reads a duration such as `90m`, `2h` or `1d 12h`. Returns seconds, or undefined if the text is none. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match || text.trim() === '') {
    return undefined;
  }
  return UNITS.reduce(
    (seconds, [, factor], index) =>
      seconds + Number(match[index + 1] ?? 0) * factor,
    0
  );
}

/** Writes seconds as `parseDuration` reads them. */
export function formatDuration(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.floor(seconds));
  for (const [unit, factor] of UNITS) {
    const count = Math.floor(rest / factor);
    rest -= count * factor;
    if (count > 0) {
      parts.push(`${count}${unit}`);
    }
  }
  return parts.join(' ') || '0s';
}

/** Reads a whole number. Returns undefined if the text is none. */
export function parseInteger(text: string): number | undefined {
  return /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}

/** The fields of a local time, as an `<input type="datetime-local">` has them. */
const LOCAL = /^(\d{4,5})-(\d\d)-(\d\d)T(\d\d):(\d\d)$/;

/** Milliseconds that a zone is ahead of UTC at an instant [ms UTC]. */
function zoneOffset(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric'
  }).formatToParts(instant);
  const [year, month, day, hour, minute, second] = [
    'year',
    'month',
    'day',
    'hour',
    'minute',
    'second'
  ].map(type => Number(parts.find(part => part.type === type)?.value ?? 0));
  return (
    Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) -
    Math.floor(instant / 1000) * 1000
  );
}

/**
 * Reads a local time such as `2026-12-24T18:00` in a zone. Returns ms UTC, or undefined if the text or the zone is none.
 * A time that the change to summer time leaves out counts as one hour later.
 */
export function parseLocalTime(text: string, zone: string): number | undefined {
  const match = LOCAL.exec(text);
  if (!match) {
    return undefined;
  }
  const [year, month, day, hour, minute] = match.slice(1).map(Number);
  const local = Date.UTC(year!, month! - 1, day!, hour!, minute!);
  try {
    const first = local - zoneOffset(local, zone);
    return local - zoneOffset(first, zone);
  } catch {
    return undefined;
  }
}

/** Writes an instant [ms UTC] as `parseLocalTime` reads it, in whole minutes. */
export function formatLocalTime(instant: number, zone: string): string {
  try {
    return new Date(instant + zoneOffset(instant, zone))
      .toISOString()
      .slice(0, 16);
  } catch {
    return '';
  }
}
