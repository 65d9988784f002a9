import { formatSubscription, parseSubscription } from './notifications';
import { OPTIONS_PARAMETER, readOptions, writeOptions } from './options';

describe('options in the model of the form', () => {
  it('are read as they were written, beside other parameters', () => {
    const options = { timeout_seconds: 60, notify: ['end:team'] };
    const parameters = writeOptions({ other: 1 }, options);
    expect(parameters?.other).toBe(1);
    expect(readOptions(parameters)).toEqual(options);
  });

  it('leave nothing behind when the last one is removed', () => {
    const parameters = writeOptions(undefined, { max_retries: 1 });
    expect(writeOptions(parameters, {})).toBeUndefined();
    expect(writeOptions({ other: 1 }, {})).toEqual({ other: 1 });
  });

  it.each(['not JSON', '[', 'null', '3'])('are none in %j', text => {
    expect(readOptions({ [OPTIONS_PARAMETER]: text })).toEqual({});
  });
});

describe('subscriptions', () => {
  it.each([
    ['team', 'failure:team'],
    ['end:team', 'end:team'],
    ['mail:ana@example.com', 'failure:mail:ana@example.com'],
    ['always:mail:ana@example.com', 'always:mail:ana@example.com']
  ])('%s is read and written', (text, written) => {
    expect(formatSubscription(parseSubscription(text))).toBe(written);
  });
});
