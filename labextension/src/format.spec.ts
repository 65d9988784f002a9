import { nullTranslator } from '@jupyterlab/translation';

import { IJob } from './documents';
import {
  describePhase,
  formatBytes,
  formatElapsed,
  formatPrice,
  progressOf
} from './format';
import { cellInLog } from './live/log';

const trans = nullTranslator.load('jupyter_scheduler_aws');
const job = (fields: Partial<IJob>): IJob => ({
  job_id: '1',
  name: 'a',
  input_filename: 'a.ipynb',
  status: 'IN_PROGRESS',
  create_time: 0,
  compute_type: 'small',
  attempt: 1,
  ...fields
});
const phase = (code: string, cell: number | null = null) => ({
  phase: { code, message: '', cell, cells: cell && 4 }
});

it.each([
  [0, '0:00'],
  [61_000, '1:01'],
  [3_661_000, '1:01:01'],
  [-5, '0:00']
])('%d ms have passed', (elapsed, text) => {
  expect(formatElapsed(elapsed)).toBe(text);
});

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1500, '1.5 KB'],
  [250_000_000, '250 MB']
])('%d bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('prices of single jobs keep two digits', () => {
  expect(formatPrice(0.000_968)).toBe('$0.00097');
  expect(formatPrice(12.5)).toBe('$12.50');
  expect(formatPrice(0)).toBe('$0.00');
});

it('phases are in words', () => {
  expect(describePhase(job(phase('provisioning')), trans)).toBe(
    'Starting the container'
  );
  expect(describePhase(job({ status: 'STOPPING' }), trans)).toBe('Stopping');
  expect(describePhase(job({ status: 'QUEUED' }), trans)).toBe('Waiting');
  const outcome = { code: 'timeout', title: 'Time limit', message: '' };
  expect(describePhase(job({ status: 'FAILED', outcome }), trans)).toBe(
    'Time limit'
  );
});

it('progress counts the cells before the one that runs', () => {
  expect(progressOf(job(phase('running', 3)))).toBe(0.5);
  expect(progressOf(job(phase('uploading')))).toBe(1);
  expect(progressOf(job(phase('starting_kernel')))).toBeUndefined();
});

it('only the runner names cells in a log', () => {
  const lines = ['runner: cell 2 of 4', '| runner: cell 4 of 4', '| x'];
  expect(cellInLog(lines)).toEqual({ cell: 2, cells: 4 });
  expect(cellInLog(['| x'])).toBeUndefined();
});
