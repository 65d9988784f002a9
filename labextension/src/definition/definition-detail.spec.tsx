import { fireEvent, screen } from '@testing-library/react';
import React from 'react';

import { setShown } from '../testing/browser';
import { FakeServer, Refusal } from '../testing/fake-server';
import { makeServices, pass, renderWith, scroll } from '../testing/render';
import { IDefinitionResponse } from '../documents';
import { ServicesContext } from '../services';
import { DefinitionDetail } from './definition-detail';

let server: FakeServer;
let response: IDefinitionResponse;

beforeEach(() => {
  jest.useFakeTimers();
  setShown(true);
  response = {
    definition: {
      job_definition_id: 'd1',
      name: 'weekly',
      active: true,
      schedule: '0 9 * * 1',
      timezone: 'UTC',
      timeout_seconds: 3600,
      problems: []
    },
    words: 'At 09:00, Monday',
    next_run_times: [Date.UTC(2030, 0, 7, 9)],
    runs: [],
    cost: { estimate: 0.5, currency: 'USD', days: 30, jobs: 4, complete: true }
  };
  server = new FakeServer();
  server.answer(/^definitions\/d1$/, () => response);
  server.answer(/^config$/, () => ({
    environments: [],
    compute_types: [],
    currency: 'USD',
    limits: {},
    notification_channels: []
  }));
  server.install();
});

afterEach(() => {
  jest.useRealTimers();
});

it('is loaded once, and again when somebody reloads or comes back', async () => {
  const services = makeServices();
  const { rerender } = renderWith(
    services,
    <DefinitionDetail id="d1" loaded={{}} />
  );
  await pass(20_000);
  expect(server.paths).toEqual(['definitions/d1']);
  rerender(
    <ServicesContext.Provider value={services}>
      <DefinitionDetail id="d1" loaded={{}} />
    </ServicesContext.Provider>
  );
  await pass(20_000);
  expect(server.paths.length).toBe(2);
  await scroll(false);
  await scroll(true);
  await pass(20_000);
  expect(server.paths.length).toBe(3);
});

it('shows schedule, cost and problems', async () => {
  response.definition.problems = [
    { code: 'failing', title: 'Paused', message: 'Ten failures.', since: 1 }
  ];
  response.definition.consecutive_failures = 3;
  response.definition.failing_since = Date.UTC(2026, 0, 1);
  renderWith(makeServices(), <DefinitionDetail id="d1" loaded={{}} />);
  await pass(1_000);
  expect(
    screen.getByText(/^3 failures in a row since \w+ .*2026/)
  ).toBeTruthy();
  expect(screen.getByText('At 09:00, Monday (UTC)')).toBeTruthy();
  expect(screen.getByText('Cost in 30 days: about $0.50.')).toBeTruthy();
  expect(screen.getByRole('alert').textContent).toContain('Ten failures.');
});

it('only what was changed is saved, and a refusal keeps the form', async () => {
  renderWith(makeServices(), <DefinitionDetail id="d1" loaded={{}} />);
  await pass(1_000);
  fireEvent.click(screen.getByRole('button', { name: 'Edit Options' }));
  await pass(1_000);
  fireEvent.change(screen.getByRole('textbox', { name: 'Time limit' }), {
    target: { value: '' }
  });
  fireEvent.change(screen.getByRole('textbox', { name: 'Retries' }), {
    target: { value: '2' }
  });
  server.answer(/^definitions\/d1$/, () => new Refusal(400, 'Not allowed.'));
  fireEvent.click(screen.getByRole('button', { name: 'Save Options' }));
  await pass(1_000);
  expect(screen.getByRole('alert').textContent).toBe('Not allowed.');
  server.answer(/^definitions\/d1$/, () => response);
  fireEvent.click(screen.getByRole('button', { name: 'Save Options' }));
  await pass(1_000);
  const changes = server.requests.filter(each => each.method === 'PATCH');
  expect(changes.map(each => each.body)).toEqual(
    Array(2).fill({ options: { timeout_seconds: null, max_retries: 2 } })
  );
  expect(screen.getByRole('button', { name: 'Edit Options' })).toBeTruthy();
});
