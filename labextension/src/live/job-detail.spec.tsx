import { fireEvent, screen } from '@testing-library/react';
import React from 'react';

import { IJob } from '../documents';
import { setShown } from '../testing/browser';
import { FakeServer, Refusal } from '../testing/fake-server';
import { makeServices, pass, renderWith, scroll } from '../testing/render';
import { JobDetail } from './job-detail';

let server: FakeServer;
let job: IJob;
let lines: string[];

beforeEach(() => {
  jest.useFakeTimers();
  setShown(true);
  job = {
    job_id: 'j1',
    name: 'report',
    input_filename: 'report.ipynb',
    status: 'IN_PROGRESS',
    create_time: Date.now(),
    start_time: Date.now(),
    compute_type: 'small',
    attempt: 1,
    phase: { code: 'running', message: '', cell: 1, cells: 4 },
    warnings: []
  };
  lines = ['runner: cell 2 of 4', '| hello'];
  server = new FakeServer();
  server.answer(/^jobs\/j1$/, () => ({
    job,
    attempts: [],
    attempts_left_out: 0
  }));
  server.answer(/^jobs\/j1\/log/, () => ({
    events: lines.splice(0).map(message => ({ time: 0, message })),
    next_token: 't'
  }));
  server.install();
});

afterEach(() => {
  jest.useRealTimers();
});

function show(shownStatus = 'IN_PROGRESS') {
  return renderWith(
    makeServices(),
    <JobDetail id="j1" shownStatus={shownStatus} />
  );
}

it('a running job costs one request in three seconds', async () => {
  show();
  await pass(30_000);
  expect(server.requests.length).toBeLessThanOrEqual(11);
  expect(server.requests.length).toBeGreaterThanOrEqual(10);
});

it('nothing is requested while it cannot be seen', async () => {
  show();
  await pass(4_000);
  await scroll(false);
  const before = server.requests.length;
  await pass(60_000);
  expect(server.requests.length).toBe(before);
  await scroll(true);
  await pass(4_000);
  expect(server.requests.length).toBeGreaterThan(before);
});

it('hiding and showing does not make requests more frequent', async () => {
  show();
  for (let index = 0; index < 20; index += 1) {
    await pass(150);
    await scroll(index % 2 === 1);
  }
  expect(server.requests.length).toBeLessThanOrEqual(2);
});

it('shows the newest cell, the last lines, and then the end', async () => {
  show();
  await pass(7_000);
  expect(screen.getByRole('status').textContent).toBe('Running, cell 2 of 4');
  expect(screen.getByRole('log').textContent).toContain('| hello');
  job = {
    ...job,
    status: 'COMPLETED',
    end_time: Date.now(),
    outcome: { code: 'succeeded', title: 'Completed', message: '' }
  };
  await pass(7_000);
  expect(screen.getByRole('status').textContent).toBe('Completed');
  const before = server.requests.length;
  await pass(60_000);
  expect(server.requests.length).toBe(before);
});

it('a long log begins near its end, and says so', async () => {
  lines = Array.from({ length: 1000 }, (_, index) => `| line ${index}`);
  show();
  await pass(4_000);
  expect(server.paths).toContain('jobs/j1/log?tail=1000');
  fireEvent.click(screen.getByRole('button', { name: 'Follow the Log' }));
  await pass(7_000);
  expect(server.paths).toContain('jobs/j1/log?next_token=t');
  const text = screen.getByRole('log').textContent;
  expect(text).toContain('These are the last 1000 lines');
  expect(text).toContain('| line 999');
});

it('an outage is told, slows the requests down, and passes', async () => {
  show();
  await pass(1_000);
  const text = 'The service is out of reach.';
  server.answer(/./, () => new Refusal(504, text));
  await pass(120_000);
  expect(screen.getByRole('alert').textContent).toContain(text);
  expect(server.requests.length).toBeLessThan(30); // forty without a break
  server.answer(/^jobs\/j1$/, () => ({
    job,
    attempts: [],
    attempts_left_out: 0
  }));
  server.answer(/^jobs\/j1\/log/, () => ({ events: [], next_token: null }));
  await pass(120_000);
  expect(screen.queryByRole('alert')).toBeNull();
});

it('attempts are shown', async () => {
  job = {
    ...job,
    status: 'COMPLETED',
    attempt: 2
  };
  const attempt = {
    compute_type: 'small',
    start_time: 1_000,
    end_time: 62_000
  };
  server.answer(/^jobs\/j1$/, () => ({
    job,
    attempts: [
      {
        ...attempt,
        attempt: 1,
        outcome: { code: 'x', title: 'Out of memory', message: '' },
        cost: { estimate: 0.001, currency: 'USD' }
      },
      { ...attempt, attempt: 2, outcome: { code: 'y', title: 'Completed' } }
    ],
    attempts_left_out: 0
  }));
  show('COMPLETED');
  await pass(1_000);
  const rows = screen.getAllByRole('row').map(row => row.textContent);
  expect(rows[1]).toContain('Out of memory');
  expect(rows[1]).toContain('1:01');
  expect(rows[1]).toContain('$0.001');
});

it('a job that waits can be stopped, and one that was stopped downloaded', async () => {
  job = { ...job, status: 'QUEUED', attempt: 0, start_time: null };
  show('QUEUED');
  await pass(1_000);
  expect(screen.getByRole('button', { name: 'Stop Waiting Job' })).toBeTruthy();
  job = { ...job, status: 'STOPPED', attempt: 1 };
  await pass(4_000);
  expect(
    screen.getByRole('button', { name: 'Download Files of the Stopped Job' })
  ).toBeTruthy();
});
