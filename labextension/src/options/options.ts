import { EnvironmentParameters } from '@jupyterlab/scheduler';

/**
 * Options of jobs and definitions, as the service names them: docs/jupyterlab.md. An absent option has its default.
 */
export interface IOptions {
  /** Longest run time of an attempt [s]. */
  timeout_seconds?: number;
  max_retries?: number;
  retry_on_timeout?: boolean;
  /** Shortest wait before a retry [ms]. */
  min_retry_interval_millis?: number;
  /** `[WHEN:]CHANNEL[:ADDRESS]` */
  notify?: string[];
  overlap_policy?: string;
  /** How late a missed due time can still run [s]. */
  catch_up_seconds?: number;
  /** [ms UTC] */
  schedule_start?: number;
  /** [ms UTC] */
  schedule_end?: number;
  max_runs?: number;
  /** How long jobs are kept after they end [days]. */
  job_retention_days?: number;
  keep_last?: number;
  pause_after_failures?: number;
  /** How long after a due time a run must have succeeded [s]. */
  success_within_seconds?: number;
}

/** The environment parameter that carries the options of the create form, as JSON; the connector takes it out. */
export const OPTIONS_PARAMETER = 'jupyter_scheduler_aws.options';

/** Reads the options of a form's model; those of a text that this extension did not write are dropped. */
export function readOptions(
  parameters: EnvironmentParameters | undefined
): IOptions {
  try {
    const options = JSON.parse(String(parameters?.[OPTIONS_PARAMETER] ?? '{}'));
    return options && typeof options === 'object' ? options : {};
  } catch {
    return {};
  }
}

/** Returns the environment's parameters with these options; without any, they are as if this extension was absent. */
export function writeOptions(
  parameters: EnvironmentParameters | undefined,
  options: IOptions
): EnvironmentParameters | undefined {
  const others = { ...parameters };
  delete others[OPTIONS_PARAMETER];
  const text = JSON.stringify(options);
  if (text !== '{}') {
    return { ...others, [OPTIONS_PARAMETER]: text };
  }
  return Object.keys(others).length > 0 ? others : undefined;
}
