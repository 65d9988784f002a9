import { Notification } from '@jupyterlab/apputils';
import { Poll } from '@lumino/polling';

import { IJob, IRunningResponse } from '../documents';
import { describePhase, isEnded } from '../format';
import { canOpenJobs, openJob } from '../panel/open-detail';
import { IServices } from '../services';

/** Time between two looks at jobs that were started here, while the page is shown [ms]. */
const INTERVAL = 15_000;

/** Time after Create until the new job is looked for [ms]. */
const DELAY = 2_000;

/**
 * Tells when a job ends that was started from this Jupyter server.
 *
 * It looks only while such jobs are in progress and the browser shows the page.
 */
export class EndNotifications {
  private _waiting = new Set<string>();
  private _poll: Poll | null = null;

  constructor(private readonly _services: IServices) {}

  /** Looks for jobs that were just started. */
  jobCreated(): void {
    if (this._services.settings.notifyWhenJobEnds) {
      setTimeout(() => void this._look().catch(() => this._watch()), DELAY);
    }
  }

  /** Takes note of the jobs in a response that something else has asked for. */
  update(response: IRunningResponse): void {
    const running = new Set(response.jobs.map(job => job.job_id));
    for (const id of response.started_here ?? []) {
      if (running.has(id)) {
        this._waiting.add(id);
      }
    }
    for (const id of this._waiting) {
      if (!running.has(id)) {
        this._waiting.delete(id);
        void this._tell(id);
      }
    }
    this._watch();
  }

  private async _look(): Promise<void> {
    this.update(await this._services.api.running());
  }

  /** Polls if and only if there is something to wait for. */
  private _watch(): void {
    if (this._waiting.size === 0) {
      this._poll?.dispose();
      this._poll = null;
    } else if (!this._poll) {
      this._poll = new Poll({
        name: 'jupyter-scheduler-aws:end-notifications',
        factory: () => this._look(),
        frequency: { interval: INTERVAL, backoff: 2, max: 120_000 },
        standby: 'when-hidden'
      });
    }
  }

  private async _tell(id: string): Promise<void> {
    if (!this._services.settings.notifyWhenJobEnds) {
      return;
    }
    let job: IJob;
    try {
      ({ job } = await this._services.api.job(id));
    } catch {
      return; // It was deleted, or cannot be read; its list shows the rest.
    }
    if (!isEnded(job)) {
      this._waiting.add(id);
      return;
    }
    const { trans, commands } = this._services;
    Notification.emit(
      trans.__('Notebook job “%1”: %2', job.name, describePhase(job, trans)),
      job.status === 'COMPLETED' ? 'success' : 'warning',
      {
        autoClose: 10_000,
        actions: canOpenJobs(commands)
          ? [{ label: trans.__('Open'), callback: () => openJob(commands, id) }]
          : []
      }
    );
  }
}
