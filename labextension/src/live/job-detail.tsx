import { Dialog, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import { Button } from '@mui/material';
import React, { useEffect, useRef, useState } from 'react';

import { IJob } from '../documents';
import {
  describePhase,
  formatCost,
  formatElapsed,
  isEnded,
  progressOf
} from '../format';
import { Anchored } from '../panel/anchored';
import { ProgressBar } from '../panel/progress-bar';
import { aboveCards, reloadDetail } from '../panel/stock-panel';
import { useNow } from '../panel/use-now';
import { useVisible } from '../panel/use-visible';
import { Message } from '../panel/message';
import { useServices } from '../services';
import { Attempts } from './attempts';
import { LogView } from './log-view';
import { useLiveJob } from './use-live-job';

export interface IJobDetailProps {
  id: string;
  /** The state that the panel shows above. */
  shownStatus: string | undefined;
}

/** What happens to a job, live: above the cards of the stock detail view. */
export function JobDetail(props: IJobDetailProps): JSX.Element {
  return (
    <Anchored find={aboveCards} className="jp-SchedulerAws">
      <LiveJob {...props} key={props.id} />
    </Anchored>
  );
}

function LiveJob(props: IJobDetailProps): JSX.Element {
  const { trans, stockTrans, settings } = useServices();
  const root = useRef<HTMLElement>(null);
  const visible = useVisible(root);
  const [isLogOpen, setLogOpen] = useState(false);
  const { response, problem, log } = useLiveJob(props.id, visible, isLogOpen);
  const job = response?.job;

  // The panel itself never looks again, so it would show the old status and no output files.
  // It also shows the warnings of a job that has ended.
  const status = job?.status;
  useEffect(() => {
    if (root.current && status && status !== props.shownStatus) {
      reloadDetail(root.current, stockTrans);
    }
  }, [status]);

  return (
    <section
      ref={root}
      className="jp-SchedulerAws-card"
      aria-label={trans.__('Progress')}
    >
      {problem && <Message severity="warning">{problem}</Message>}
      {!job && !problem && <p>{trans.__('Asking the service …')}</p>}
      {job && <Progress job={job} visible={visible} />}
      {job && <Actions job={job} root={root} />}
      {job && job.attempt > 0 && (
        <LogView
          log={log}
          lastLines={isEnded(job) ? 0 : settings.lastLines}
          open={isLogOpen}
          onOpenChange={setLogOpen}
          live={!isEnded(job)}
        />
      )}
      {response && (
        <Attempts
          attempts={response.attempts}
          leftOut={response.attempts_left_out}
        />
      )}
    </section>
  );
}

function Progress(props: { job: IJob; visible: boolean }): JSX.Element {
  const { trans } = useServices();
  const { job } = props;
  const ended = isEnded(job);
  const now = useNow(props.visible && !ended);
  const begin = job.start_time ?? job.create_time;
  const elapsed = formatElapsed((ended ? (job.end_time ?? now) : now) - begin);
  const progress = progressOf(job);
  const { cell, cells } = job.phase ?? {};
  const facts = [
    job.start_time
      ? ended
        ? trans.__('ran for %1', elapsed)
        : trans.__('for %1', elapsed)
      : trans.__('waiting for %1', elapsed),
    job.on_spot
      ? trans.__('compute type %1, on Spot capacity', job.compute_type)
      : trans.__('compute type %1', job.compute_type),
    job.attempt > 1 ? trans.__('attempt %1', job.attempt) : '',
    job.cost ? trans.__('about %1', formatCost(job.cost)) : ''
  ];
  return (
    <>
      <p className="jp-SchedulerAws-headline">
        <span role="status">
          <strong data-status={job.status}>{describePhase(job, trans)}</strong>
          {!ended && cell && cells
            ? `, ${trans.__('cell %1 of %2', cell, cells)}`
            : ''}
        </span>
        <span className="jp-SchedulerAws-facts">
          {facts.filter(Boolean).join(' · ')}
        </span>
      </p>
      {!ended && <ProgressBar value={progress} />}
      {!ended && job.phase?.message && <p>{job.phase.message}</p>}
    </>
  );
}

/**
 * What the stock detail does not offer: to stop a job that waits, to open the notebook of one that runs, and to download the files of
 * one that was stopped.
 */
function Actions(props: {
  job: IJob;
  root: React.RefObject<HTMLElement>;
}): JSX.Element | null {
  const { trans, stockTrans, commands, api } = useServices();
  const { job } = props;
  const [isBusy, setBusy] = useState(false);

  const run = async (action: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await action();
    } catch (error) {
      void showErrorMessage(job.name, error as Error);
    } finally {
      setBusy(false);
    }
  };

  const change = (
    command: string,
    args: { [name: string]: string | boolean }
  ): Promise<void> =>
    run(async () => {
      await commands.execute(command, args);
      if (props.root.current) {
        reloadDetail(props.root.current, stockTrans);
      }
    });

  const openPartialNotebook = (): Promise<void> =>
    run(async () => {
      const path = await api.savePartialNotebook(job.job_id);
      await commands.execute('docmanager:open', { path });
    });

  const stop = async (): Promise<void> => {
    const answer = await showDialog({
      title: trans.__('Stop the job?'),
      body: trans.__('“%1” waits and has not run yet.', job.name),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Stop Job') })
      ]
    });
    if (answer.button.accept) {
      await change('scheduling:stop-job', { id: job.job_id });
    }
  };

  if (job.status === 'CREATED' || job.status === 'QUEUED') {
    return (
      <div>
        <Button variant="outlined" disabled={isBusy} onClick={stop}>
          {trans.__('Stop Waiting Job')}
        </Button>
      </div>
    );
  }
  if (job.status === 'STOPPED' && job.attempt > 0) {
    return (
      <div>
        <Button
          variant="outlined"
          disabled={isBusy}
          onClick={() =>
            change('scheduling:download-files', {
              id: job.job_id,
              redownload: false
            })
          }
        >
          {trans.__('Download Files of the Stopped Job')}
        </Button>
      </div>
    );
  }
  if (job.status === 'IN_PROGRESS' && (job.phase?.cell ?? 0) > 0) {
    return (
      <div>
        <Button
          variant="outlined"
          disabled={isBusy}
          onClick={openPartialNotebook}
        >
          {trans.__('Open the Notebook So Far')}
        </Button>
      </div>
    );
  }
  return null;
}
