import { useCallback, useRef, useState } from 'react';

import { IJob, IJobResponse } from '../documents';
import { isEnded } from '../format';
import { usePoll } from '../panel/use-poll';
import { useServices } from '../services';
import { cellInLog, EMPTY_LOG, ILog, isUpToDate, readMore } from './log';

export interface ILiveJob {
  /** The job, with the running cell as the log has it if that is newer. */
  response?: IJobResponse;
  /** Why the last request failed. */
  problem?: string;
  log: ILog;
}

/**
 * The state and the log of a job, up to date while `visible`.
 *
 * The two take turns, so that a job costs one request in each interval. Requests end when the job has ended and, if the log is
 * wanted, was read to its end.
 */
export function useLiveJob(
  id: string,
  visible: boolean,
  logWanted: boolean
): ILiveJob {
  const { api, settings } = useServices();
  const [live, setLive] = useState<ILiveJob>({ log: EMPTY_LOG });
  const turn = useRef(0);

  const job = live.response?.job;
  const isJobDue = !job || !isEnded(job);
  const isLogDue =
    job !== undefined &&
    job.attempt > 0 &&
    (isEnded(job) ? logWanted && !isUpToDate(live.log) : true);

  const call = useCallback(async () => {
    turn.current += 1;
    const readsLog = isLogDue && (!isJobDue || turn.current % 2 === 0);
    try {
      if (readsLog) {
        const log = await readMore(api, id, live.log);
        setLive(before => ({ ...before, log, problem: undefined }));
      } else {
        const response = await api.job(id);
        setLive(before => ({
          ...before,
          response,
          problem: undefined
        }));
      }
    } catch (error) {
      setLive(before => ({
        ...before,
        problem: (error as Error).message
      }));
      throw error;
    }
  }, [api, id, isJobDue, isLogDue, live.log]);

  usePoll(call, visible && (isJobDue || isLogDue), settings.interval);
  return live.response
    ? {
        ...live,
        response: { ...live.response, job: withNewestCell(live) }
      }
    : live;
}

function withNewestCell(live: ILiveJob): IJob {
  const job = live.response!.job;
  const newest = cellInLog(live.log.lines);
  return job.phase?.code === 'running' &&
    newest &&
    newest.cell > (job.phase.cell ?? 0)
    ? { ...job, phase: { ...job.phase, ...newest } }
    : job;
}
