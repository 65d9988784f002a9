import React, { useEffect, useState } from 'react';

import { IScheduleResponse } from '../documents';
import { formatRunTime } from '../format';
import { Message } from '../panel/message';
import { useServices } from '../services';

/** How long a person must have stopped typing before the service is asked [ms]. */
const TYPING_PAUSE = 400;

export interface ISchedulePreviewProps {
  schedule: string;
  zone: string;
  /** Called with the reason why the service refuses the schedule, or with an empty text. */
  onProblem: (problem: string) => void;
}

/** The next runs of a schedule, by the service's own rules. */
export function SchedulePreview(props: ISchedulePreviewProps): JSX.Element {
  const { trans, api } = useServices();
  const { schedule, zone } = props;
  const [response, setResponse] = useState<IScheduleResponse>();
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    let isCurrent = true;
    setResponse(undefined); // The runs of another schedule would mislead.
    const timer = setTimeout(async () => {
      try {
        const answer = await api.schedule(schedule, zone);
        if (isCurrent) {
          setResponse(answer);
          setFailure(undefined);
          props.onProblem(answer.problem ?? '');
        }
      } catch (error) {
        // Create asks again, so that a service that cannot be reached does not block the form.
        if (isCurrent) {
          setResponse(undefined);
          setFailure((error as Error).message);
          props.onProblem('');
        }
      }
    }, TYPING_PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [api, schedule, zone]);

  useEffect(() => () => props.onProblem(''), []);

  return (
    <section
      className="jp-SchedulerAws-card"
      aria-label={trans.__('Next runs')}
      aria-live="polite"
    >
      <h3>{trans.__('Next runs')}</h3>
      {failure && <Message severity="warning">{failure}</Message>}
      {response?.problem && (
        <Message severity="error">{response.problem}</Message>
      )}
      {response && !response.problem && (
        <>
          {response.words && <p>{`${response.words} (${zone})`}</p>}
          <ol className="jp-SchedulerAws-runs">
            {response.next_run_times.map(time => (
              <li key={time}>{formatRunTime(time, zone)}</li>
            ))}
          </ol>
        </>
      )}
      {!response && !failure && <p>{trans.__('Asking the service …')}</p>}
    </section>
  );
}
