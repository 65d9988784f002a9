import { JobsView, Scheduler } from '@jupyterlab/scheduler';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { Signal } from '@lumino/signaling';
import { act, fireEvent, screen } from '@testing-library/react';
import React, { useState } from 'react';

import { setShown } from '../testing/browser';
import { FakeServer, Refusal } from '../testing/fake-server';
import { makeServices, pass, renderWith } from '../testing/render';
import { CreateOptions } from './create-options';
import { readOptions } from './options';

type Model = Scheduler.ICreateProps['model'];

let server: FakeServer;
let model: Model;
let errors: { [name: string]: string };

const CONFIG = {
  environments: [
    {
      name: 'python',
      output_formats: ['ipynb', 'html', 'script'].map(name => ({
        name,
        label: name
      }))
    }
  ],
  compute_types: [
    { name: 'small', vcpu: 1, memory_gib: 4, spot: false, price_per_hour: 0.05 }
  ],
  currency: 'USD',
  limits: { timeout_seconds: { default: 3600, max: 7200 } },
  notification_channels: [
    {
      name: 'mail',
      kind: 'mail',
      takes_address: true,
      needs_address: true
    },
    {
      name: 'team',
      kind: 'webhook',
      takes_address: false,
      needs_address: false
    }
  ]
};

beforeEach(() => {
  jest.useFakeTimers();
  setShown(true);
  server = new FakeServer();
  server.answer(/^config$/, () => CONFIG);
  server.answer(/^schedule/, path =>
    path.includes('bad')
      ? { words: null, next_run_times: [], problem: 'It never runs.' }
      : { words: 'Every day', next_run_times: [0], problem: null }
  );
  server.install();
  errors = {};
  model = {
    inputFile: 'a.ipynb',
    environment: 'python',
    createType: 'Job',
    computeType: 'small',
    outputFormats: ['ipynb', 'html', 'script'],
    schedule: '0 0 * * *',
    timezone: 'UTC'
  };
});

afterEach(() => {
  jest.useRealTimers();
});

function Form(): JSX.Element {
  const [state, setState] = useState(model);
  model = state;
  change = setState;
  return (
    <CreateOptions
      jobsView={JobsView.CreateForm}
      model={state}
      handleModelChange={setState}
      errors={errors}
      handleErrorsChange={changed => {
        errors = changed;
      }}
    />
  );
}
let change: (model: Model) => void;

async function show() {
  renderWith(makeServices(), <Form />);
  await pass(1_000);
}

const type = (label: string, text: string): void => {
  fireEvent.change(screen.getByRole('textbox', { name: label }), {
    target: { value: text }
  });
};

it('what a person types arrives as options', async () => {
  await show();
  type('Time limit', '90m');
  type('Retries', '2');
  fireEvent.click(
    screen.getByRole('checkbox', { name: 'Also retry after the time limit' })
  );
  expect(readOptions(model.runtimeEnvironmentParameters)).toEqual({
    timeout_seconds: 5400,
    max_retries: 2,
    retry_on_timeout: true
  });
  expect(Object.values(errors).filter(Boolean)).toEqual([]);
});

it('a wrong text blocks the form and is no option', async () => {
  await show();
  type('Time limit', '3h');
  expect(errors.options).toContain('at most 2h');
  expect(readOptions(model.runtimeEnvironmentParameters)).toEqual({});
  type('Time limit', '');
  expect(errors.options).toBe('');
});

it('an untouched form sends nothing', async () => {
  await show();
  expect(model.runtimeEnvironmentParameters).toBeUndefined();
});

it('a notification by mail needs its address', async () => {
  await show();
  fireEvent.click(screen.getByRole('button', { name: 'Add Notification' }));
  expect(errors.options).toContain('address');
  type('Mail address', 'ana@example.com');
  expect(errors.options).toBe('');
  expect(readOptions(model.runtimeEnvironmentParameters).notify).toEqual([
    'failure:mail:ana@example.com'
  ]);
});

it('only notebook and HTML are ticked at first, and a choice stays', async () => {
  await show();
  expect(model.outputFormats).toEqual(['ipynb', 'html']);
  await act(async () => change({ ...model, outputFormats: ['ipynb'] }));
  await pass(1_000);
  expect(model.outputFormats).toEqual(['ipynb']);
});

it('shows size and price of the compute type', async () => {
  await show();
  expect(
    screen.getByText(/1 vCPU, 4 GiB of memory, about \$0.05/)
  ).toBeTruthy();
});

it('a schedule shows its next runs, and a bad one blocks the form', async () => {
  model.createType = 'JobDefinition';
  await show();
  expect(screen.getByText('Every day (UTC)')).toBeTruthy();
  await act(async () => change({ ...model, schedule: 'bad' }));
  expect(screen.queryByText('Every day (UTC)')).toBeNull();
  await pass(1_000);
  expect(screen.getByText('It never runs.')).toBeTruthy();
  expect(errors.schedule).toBe('It never runs.');
  await act(async () => change({ ...model, createType: 'Job' }));
  expect(errors.schedule).toBe('');
});

it('typing asks once', async () => {
  model.createType = 'JobDefinition';
  await show();
  const before = server.requests.length;
  for (const schedule of ['1', '1 ', '1 2', '1 2 * * *']) {
    await act(async () => change({ ...model, schedule }));
    await pass(100);
  }
  await pass(1_000);
  expect(server.requests.length).toBe(before + 1);
});

it('a service that is away is told and blocks nothing', async () => {
  server.answer(/./, () => new Refusal(504, 'out of reach'));
  model.createType = 'JobDefinition';
  await show();
  expect(screen.getAllByText('out of reach').length).toBe(2);
  expect(Object.values(errors).filter(Boolean)).toEqual([]);
});

it('a start in local time follows the zone', async () => {
  model.createType = 'JobDefinition';
  await show();
  fireEvent.change(screen.getByLabelText('First run not before'), {
    target: { value: '2030-01-01T12:00' }
  });
  const start = () =>
    readOptions(model.runtimeEnvironmentParameters).schedule_start;
  expect(start()).toBe(Date.UTC(2030, 0, 1, 12));
  await act(async () => change({ ...model, timezone: 'Europe/Berlin' }));
  expect(start()).toBe(Date.UTC(2030, 0, 1, 11));
});

it('says how large the folder is, and what is left out', async () => {
  server.answer(/^folder/, () => ({
    files: 3,
    bytes: 1500,
    left_out: ['.venv/'],
    left_out_count: 2,
    problem: null
  }));
  model.packageInputFolder = true;
  await show();
  expect(
    screen.getByText('The folder has 3 files, together 1.5 KB.')
  ).toBeTruthy();
  expect(screen.getByText('2 entries are left out')).toBeTruthy();
  expect(screen.getByText('and 1 more')).toBeTruthy();
});

it('an open notebook with unsaved changes is told, and saved on request', async () => {
  const stateChanged = new Signal<object, void>({});
  const notebook = { dirty: true, stateChanged };
  const save = jest.fn(async () => {
    notebook.dirty = false;
    stateChanged.emit();
  });
  const services = makeServices();
  const open = { model: notebook, save } as unknown as DocumentRegistry.Context;
  services.openDocument = path => (path === 'a.ipynb' ? open : null);
  renderWith(services, <Form />);
  await pass(1_000);
  expect(screen.getByRole('alert').textContent).toContain('not saved');
  fireEvent.click(screen.getByRole('button', { name: 'Save Notebook' }));
  await pass(1_000);
  expect(screen.queryByRole('alert')).toBeNull();
});

it('tags are edited without changing the model that was passed in', async () => {
  model.tags = Object.freeze(['a']) as string[];
  await show();
  fireEvent.click(screen.getByTitle('Add new tag'));
  type('Tag 2', 'b');
  expect(model.tags).toEqual(['a', 'b']);
  fireEvent.click(screen.getByTitle('Delete tag 1'));
  expect(model.tags).toEqual(['b']);
});
