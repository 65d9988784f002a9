import {
  formatDuration,
  formatLocalTime,
  parseDuration,
  parseInteger,
  parseLocalTime
} from './values';

describe('durations', () => {
  it.each([
    ['90m', 5400],
    ['2h', 7200],
    ['1d 12h', 129_600],
    ['1h30m', 5400],
    ['45 min', 2700],
    ['0s', 0],
    [' 10 S ', 10]
  ])('reads %s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', ' ', '90', '2 hours', '1m 1h', '-1h', '1.5h', 'h'])(
    'refuses %j',
    text => {
      expect(parseDuration(text)).toBeUndefined();
    }
  );

  it.each([1, 59, 60, 5400, 86_400, 90_061])('writes %d as it reads it', n => {
    expect(parseDuration(formatDuration(n))).toBe(n);
  });
});

describe('whole numbers', () => {
  it.each([
    ['3', 3],
    [' 12 ', 12],
    ['0', 0]
  ])('reads %j', (text, value) => {
    expect(parseInteger(text)).toBe(value);
  });

  it.each(['', '1.5', '-1', '1e3', 'three', '9999999999999999'])(
    'refuses %j',
    text => {
      expect(parseInteger(text)).toBeUndefined();
    }
  );
});

describe('local times', () => {
  it.each([
    ['2026-01-15T12:00', 'Europe/Berlin', '2026-01-15T11:00:00Z'],
    ['2026-07-15T12:00', 'Europe/Berlin', '2026-07-15T10:00:00Z'],
    ['2026-07-15T12:00', 'UTC', '2026-07-15T12:00:00Z'],
    ['2026-07-15T00:00', 'America/St_Johns', '2026-07-15T02:30:00Z'],
    ['2026-01-01T00:00', 'Pacific/Kiritimati', '2025-12-31T10:00:00Z'],
    // 02:30 does not exist on this day in Berlin.
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00Z']
  ])('reads %s in %s', (text, zone, instant) => {
    expect(parseLocalTime(text, zone)).toBe(Date.parse(instant));
  });

  it.each([
    ['tomorrow', 'UTC'],
    ['2026-07-15', 'UTC'],
    ['2026-07-15T12:00', 'Europe/Nowhere']
  ])('refuses %s in %s', (text, zone) => {
    expect(parseLocalTime(text, zone)).toBeUndefined();
  });

  it.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu'])(
    'writes times in %s as it reads them',
    zone => {
      const instant = Date.parse('2026-10-25T01:30:00Z');
      expect(parseLocalTime(formatLocalTime(instant, zone), zone)).toBe(
        instant
      );
    }
  );
});
