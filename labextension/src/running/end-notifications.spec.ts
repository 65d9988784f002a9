import { Notification } from '@jupyterlab/apputils';

import { IJob } from '../documents';
import { FakeServer } from '../testing/fake-server';
import { makeServices } from '../testing/render';
import { EndNotifications } from './end-notifications';

let server: FakeServer;
let jobs: Partial<IJob>[];

const pass = (time: number) => jest.advanceTimersByTimeAsync(time);
const told = () => Notification.manager.notifications.map(each => each.message);

beforeEach(() => {
  jest.useFakeTimers();
  Notification.manager.dismiss();
  jobs = [{ job_id: 'j1', name: 'report', status: 'IN_PROGRESS' }];
  server = new FakeServer();
  server.answer(/^running$/, () => ({
    jobs: jobs.filter(job => job.status === 'IN_PROGRESS'),
    more: false,
    started_here: ['j1']
  }));
  server.answer(/^jobs\//, path => ({
    job: jobs.find(job => path.endsWith(job.job_id!)),
    attempts: [],
    attempts_left_out: 0
  }));
  server.install();
});

afterEach(() => {
  jest.useRealTimers();
});

it('tells when a job ends that was started here, and then asks no more', async () => {
  const notifications = new EndNotifications(makeServices());
  await pass(60_000);
  expect(server.paths).toEqual([]);
  notifications.jobCreated();
  await pass(40_000);
  expect(server.paths.length).toBeGreaterThan(1);
  expect(told()).toEqual([]);
  jobs[0]!.status = 'COMPLETED';
  await pass(40_000);
  expect(told()).toEqual(['Notebook job “report”: Completed']);
  const before = server.paths.length;
  await pass(300_000);
  expect(server.paths.length).toBe(before);
});

it('does not tell of other jobs, or if nobody wants it', async () => {
  const services = makeServices();
  services.settings.notifyWhenJobEnds = false;
  new EndNotifications(services).jobCreated();
  await pass(60_000);
  expect(server.paths).toEqual([]);
});
