import { fireEvent, screen } from '@testing-library/react';
import React from 'react';

import { setShown } from '../testing/browser';
import { FakeServer, Refusal } from '../testing/fake-server';
import { makeServices, pass, renderWith, scroll } from '../testing/render';
import { IServices } from '../services';
import { RunningJobs } from './running-jobs';

let server: FakeServer;
let services: IServices;

const job = (id: string, fields: object = {}) => ({
  job_id: id,
  name: `Job ${id}`,
  input_filename: 'a.ipynb',
  status: 'IN_PROGRESS',
  create_time: Date.now(),
  start_time: Date.now(),
  compute_type: 'small',
  attempt: 1,
  phase: { code: 'running', message: '', cell: 2, cells: 4 },
  ...fields
});

beforeEach(() => {
  jest.useFakeTimers();
  setShown(true);
  server = new FakeServer();
  server.install();
  services = makeServices();
});

afterEach(() => {
  jest.useRealTimers();
});

async function show() {
  renderWith(services, <RunningJobs onLoad={() => undefined} />);
  await pass(1_000);
}

it('shows what runs and waits, and leads to the details', async () => {
  server.answer(/^running$/, () => ({
    jobs: [job('1'), job('2', { status: 'QUEUED', phase: null })],
    more: true
  }));
  const opened: unknown[] = [];
  services.commands.addCommand('scheduling:restore-layout', {
    execute: args => void opened.push(args)
  });
  await show();
  const [first, second] = screen.getAllByRole('listitem');
  expect(first!.textContent).toContain('Running · cell 2 of 4');
  expect(second!.textContent).toContain('Waiting');
  expect(screen.getByText('There are more jobs than these.')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: /Job 2/ }));
  expect(opened).toEqual([{ jobsView: 5, jobDetailModel: { id: '2' } }]);
});

it('leads nowhere without the stock panel, as in Notebook 7', async () => {
  server.answer(/^running$/, () => ({ jobs: [job('1')], more: false }));
  await show();
  const button = screen.getByRole('button') as HTMLButtonElement;
  expect(button.disabled).toBe(true);
});

it('asks nothing while it is hidden, and says what is wrong', async () => {
  server.answer(/^running$/, () => new Refusal(403, 'Not allowed.'));
  await scroll(false);
  await show();
  await pass(20_000);
  expect(server.paths).toEqual([]);
  await scroll(true);
  await pass(1_000);
  expect(screen.getByRole('alert').textContent).toBe('Not allowed.');
});
