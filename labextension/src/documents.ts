/**
 * What the Jupyter server returns below /jupyter-scheduler-aws: see docs/jupyterlab.md. Times are in ms UTC.
 *
 * The documents of jobs and definitions are those of the service; only the fields that this extension shows are listed.
 */

export type JobStatus =
  | 'CREATED'
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'FAILED'
  | 'STOPPING'
  | 'STOPPED';

export interface IPhase {
  code: string;
  message: string;
  /** The code cell that runs, numbered from 1. */
  cell: number | null;
  cells: number | null;
}

export interface IOutcome {
  code: string;
  title: string;
  message: string;
}

export interface IWarning {
  code: string;
  message: string;
}

export interface ICost {
  estimate: number;
  currency: string;
}

export interface IAttempt {
  attempt: number;
  compute_type: string;
  on_spot?: boolean | null;
  start_time?: number | null;
  end_time?: number | null;
  outcome?: IOutcome | null;
  warnings?: IWarning[];
  cost?: ICost | null;
}

export interface IJob {
  job_id: string;
  name: string;
  input_filename: string;
  status: JobStatus;
  status_message?: string | null;
  create_time: number;
  start_time?: number | null;
  end_time?: number | null;
  scheduled_time?: number | null;
  job_definition_id?: string | null;
  compute_type: string;
  on_spot?: boolean | null;
  attempt: number;
  phase?: IPhase | null;
  outcome?: IOutcome | null;
  warnings?: IWarning[];
  cost?: ICost | null;
}

export interface IJobResponse {
  job: IJob;
  attempts: IAttempt[];
  attempts_left_out: number;
}

export interface ILogEvent {
  time: number | null;
  message: string;
}

export interface ILogPage {
  events: ILogEvent[];
  next_token: string | null;
}

export interface IRunningResponse {
  jobs: IJob[];
  /** Whether there are more jobs than these. */
  more: boolean;
  /** Ids of jobs that this Jupyter server has created and that have not been reported as ended. */
  started_here?: string[];
}

export interface IDefinition {
  job_definition_id: string;
  name: string;
  active: boolean;
  schedule?: string | null;
  timezone?: string | null;
  next_run_time?: number | null;
  missed_count?: number;
  skipped_count?: number;
  last_skipped?: number | null;
  consecutive_failures?: number;
  failing_since?: number | null;
  late_since?: number | null;
  last_success?: { job_id: string; scheduled_time: number } | null;
  problems?: {
    code: string;
    title: string;
    message: string;
    since: number;
  }[];
  [option: string]: unknown;
}

export interface IDefinitionResponse {
  definition: IDefinition;
  words: string | null;
  next_run_times: number[];
  /** Newest first. */
  runs: IJob[];
  cost: {
    /** In `currency`; null if the jobs have none or several. */
    estimate: number | null;
    currency: string | null;
    days: number;
    jobs: number;
    complete: boolean;
  };
}

export interface IScheduleResponse {
  words: string | null;
  next_run_times: number[];
  problem: string | null;
}

export interface IFolderResponse {
  files: number;
  bytes: number;
  left_out: string[];
  left_out_count: number;
  problem: string | null;
}

export interface ILimit {
  default?: number | null;
  max?: number | null;
}

export interface IComputeType {
  name: string;
  vcpu: number;
  memory_gib: number;
  spot: boolean;
  /** In `currency`; null if the operator's price table lacks it. */
  price_per_hour: number | null;
}

export interface IChannel {
  name: string;
  kind: string;
  /** Whether a notification can name an address. */
  takes_address: boolean;
  /** Whether it has to, because the operator has chosen none. */
  needs_address: boolean;
}

export interface IConfigResponse {
  environments: {
    name: string;
    output_formats: { name: string; label: string }[];
  }[];
  compute_types: IComputeType[];
  currency: string | null;
  limits: { [option: string]: ILimit };
  notification_channels: IChannel[];
}
