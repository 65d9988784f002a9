import React from 'react';

import { IAttempt } from '../documents';
import { formatCost, formatElapsed, formatTime } from '../format';
import { useServices } from '../services';

export interface IAttemptsProps {
  attempts: IAttempt[];
  /** Number of attempts that are not on record any more. */
  leftOut: number;
}

/** The attempts of a job that has had more than one. */
export function Attempts(props: IAttemptsProps): JSX.Element | null {
  const { trans } = useServices();
  if (props.attempts.length < 2) {
    return null;
  }
  return (
    <table className="jp-SchedulerAws-table">
      <caption>
        {trans.__('Attempts')}
        {props.leftOut > 0 &&
          ` (${trans.__('%1 are not on record any more', props.leftOut)})`}
      </caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Attempt')}</th>
          <th scope="col">{trans.__('Started')}</th>
          <th scope="col">{trans.__('Took')}</th>
          <th scope="col">{trans.__('Outcome')}</th>
          <th scope="col">{trans.__('Cost')}</th>
        </tr>
      </thead>
      <tbody>
        {props.attempts.map(attempt => (
          <tr key={attempt.attempt}>
            <td>{attempt.attempt}</td>
            <td>{attempt.start_time ? formatTime(attempt.start_time) : '—'}</td>
            <td>
              {attempt.start_time && attempt.end_time
                ? formatElapsed(attempt.end_time - attempt.start_time)
                : '—'}
            </td>
            <td title={attempt.outcome?.message}>
              {attempt.outcome?.title ?? trans.__('In progress')}
            </td>
            <td>{formatCost(attempt.cost) || '—'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
