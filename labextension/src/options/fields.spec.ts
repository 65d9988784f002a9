import { nullTranslator } from '@jupyterlab/translation';

import { makeFields, parseField, showField } from './fields';

const trans = nullTranslator.load('jupyter_scheduler_aws');
const fields = makeFields(trans);
const field = (name: string) => fields.find(each => each.name === name)!;

describe('fields', () => {
  it('read what a person types', () => {
    const read = (name: string, text: string) =>
      parseField(field(name), text, 'UTC', undefined, trans);
    expect(read('timeout_seconds', '2h')).toEqual({ value: 7200 });
    expect(read('min_retry_interval_millis', '30s')).toEqual({ value: 30_000 });
    expect(read('max_retries', '3')).toEqual({ value: 3 });
    expect(read('overlap_policy', 'skip')).toEqual({ value: 'skip' });
    expect(read('schedule_start', '2026-01-01T00:00')).toEqual({
      value: Date.UTC(2026, 0, 1)
    });
  });

  it('take an empty text for the default', () => {
    for (const each of fields) {
      expect(parseField(each, ' ', 'UTC', undefined, trans)).toEqual({});
    }
  });

  it.each([
    ['timeout_seconds', '90', 'units'],
    ['timeout_seconds', '0s', 'At least 1s'],
    ['timeout_seconds', '3h', 'at most 2h'],
    ['max_retries', 'many', 'whole number'],
    ['max_runs', '0', 'At least 1'],
    ['success_within_seconds', '10s', 'At least 1m'],
    ['schedule_end', 'tomorrow', 'date and time']
  ])('%s refuses %s', (name, text, words) => {
    const limit = name === 'timeout_seconds' ? { max: 7200 } : undefined;
    const { value, problem } = parseField(
      field(name),
      text,
      'UTC',
      limit,
      trans
    );
    expect(value).toBeUndefined();
    expect(problem).toContain(words);
  });

  it('show a value as a person would type it', () => {
    expect(showField(field('timeout_seconds'), 5400, 'UTC')).toBe('1h 30m');
    expect(showField(field('min_retry_interval_millis'), 60_000, 'UTC')).toBe(
      '1m'
    );
    expect(showField(field('schedule_start'), 0, 'Asia/Tokyo')).toBe(
      '1970-01-01T09:00'
    );
    expect(showField(field('max_runs'), null, 'UTC')).toBe('');
  });
});
