import { ReactWidget } from '@jupyterlab/apputils';
import { LabIcon } from '@jupyterlab/ui-components';
import React, { useCallback, useRef, useState } from 'react';

import { IJob, IRunningResponse } from '../documents';
import { describePhase, formatElapsed, progressOf } from '../format';
import { Message } from '../panel/message';
import { canOpenJobs, openJob } from '../panel/open-detail';
import { ProgressBar } from '../panel/progress-bar';
import { useNow } from '../panel/use-now';
import { usePoll } from '../panel/use-poll';
import { useVisible } from '../panel/use-visible';
import { IServices, ServicesContext, useServices } from '../services';
import runningJobsSvg from '../../style/icons/running-jobs.svg';

export const runningJobsIcon = new LabIcon({
  name: 'jupyter-scheduler-aws:running-jobs',
  svgstr: runningJobsSvg
});

/** Time between two requests about all jobs [ms]. */
const INTERVAL = 5000;

/** The view in the left side bar: what runs and waits now. */
export class RunningJobsWidget extends ReactWidget {
  constructor(
    private readonly _services: IServices,
    private readonly _onLoad: (response: IRunningResponse) => void
  ) {
    super();
    const { trans } = _services;
    this.id = 'jp-scheduler-aws-running-jobs';
    this.title.icon = runningJobsIcon;
    this.title.caption = trans.__('Running Notebook Jobs');
    this.addClass('jp-SchedulerAws-running');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Running Notebook Jobs'));
  }

  override render(): JSX.Element {
    return (
      <ServicesContext.Provider value={this._services}>
        <RunningJobs onLoad={this._onLoad} />
      </ServicesContext.Provider>
    );
  }
}

export function RunningJobs(props: {
  onLoad: (response: IRunningResponse) => void;
}): JSX.Element {
  const { trans, api } = useServices();
  const root = useRef<HTMLDivElement>(null);
  const visible = useVisible(root);
  const [response, setResponse] = useState<IRunningResponse>();
  const [problem, setProblem] = useState<string>();

  const load = useCallback(async () => {
    try {
      const answer = await api.running();
      setResponse(answer);
      setProblem(undefined);
      props.onLoad(answer);
    } catch (error) {
      setProblem((error as Error).message);
      throw error;
    }
  }, [api]);
  usePoll(load, visible, INTERVAL);

  return (
    <div ref={root} className="jp-SchedulerAws-running-content">
      <h2>{trans.__('Running Notebook Jobs')}</h2>
      {problem && <Message severity="warning">{problem}</Message>}
      {!response && !problem && <p>{trans.__('Asking the service …')}</p>}
      {response && response.jobs.length === 0 && (
        <p>{trans.__('Nothing runs or waits now.')}</p>
      )}
      {response && response.jobs.length > 0 && (
        <ul>
          {response.jobs.map(job => (
            <RunningJob key={job.job_id} job={job} visible={visible} />
          ))}
        </ul>
      )}
      {response?.more && <p>{trans.__('There are more jobs than these.')}</p>}
    </div>
  );
}

function RunningJob(props: { job: IJob; visible: boolean }): JSX.Element {
  const { trans, commands } = useServices();
  const { job } = props;
  const now = useNow(props.visible);
  const { cell, cells } = job.phase ?? {};
  const progress = progressOf(job);
  const elapsed = formatElapsed(now - (job.start_time ?? job.create_time));
  return (
    <li>
      <button
        type="button"
        disabled={!canOpenJobs(commands)}
        onClick={() => openJob(commands, job.job_id)}
      >
        <span className="jp-SchedulerAws-running-name">{job.name}</span>
        <span className="jp-SchedulerAws-facts">
          {[
            describePhase(job, trans),
            cell && cells ? trans.__('cell %1 of %2', cell, cells) : '',
            elapsed
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </button>
      <ProgressBar value={progress} />
    </li>
  );
}
