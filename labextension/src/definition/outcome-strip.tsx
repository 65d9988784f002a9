import React from 'react';

import { IJob } from '../documents';
import { describePhase, formatTime } from '../format';
import { openJob } from '../panel/open-detail';
import { useServices } from '../services';

const SYMBOLS: { [status: string]: string } = {
  COMPLETED: '✓',
  FAILED: '✕',
  STOPPED: '■'
};

/** The last runs, oldest first, as a row of outcomes. Each one leads to its job. */
export function OutcomeStrip(props: { runs: IJob[] }): JSX.Element {
  const { trans, commands } = useServices();
  if (props.runs.length === 0) {
    return <p>{trans.__('It has not run yet.')}</p>;
  }
  return (
    <div>
      <h3>{trans.__('Last runs')}</h3>
      <ol className="jp-SchedulerAws-strip">
        {[...props.runs].reverse().map(run => {
          const label = trans.__(
            '%1: %2',
            formatTime(run.scheduled_time ?? run.create_time),
            describePhase(run, trans)
          );
          return (
            <li key={run.job_id}>
              <button
                type="button"
                data-status={run.status}
                aria-label={label}
                title={label}
                onClick={() => openJob(commands, run.job_id)}
              >
                <span aria-hidden="true">{SYMBOLS[run.status] ?? '…'}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
