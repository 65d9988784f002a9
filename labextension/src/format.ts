import { TranslationBundle } from '@jupyterlab/translation';

import { ICost, IJob } from './documents';

/** Writes a time that has passed [ms], such as `4:07` or `1:04:07`. */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [h, m, s] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60
  ];
  const two = (value: number): string => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m!)}:${two(s!)}` : `${m}:${two(s!)}`;
}

/** Writes an instant [ms UTC] in the browser's zone, or in the given one. */
export function formatTime(instant: number, zone?: string): string {
  const style: Intl.DateTimeFormatOptions = {
    dateStyle: 'medium',
    timeStyle: 'short'
  };
  try {
    return new Date(instant).toLocaleString(undefined, {
      ...style,
      timeZone: zone
    });
  } catch {
    return new Date(instant).toLocaleString(undefined, style);
  }
}

/** Writes an instant with its weekday, for schedules. */
export function formatRunTime(instant: number, zone: string): string {
  const style: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short'
  };
  try {
    return new Date(instant).toLocaleString(undefined, {
      ...style,
      timeZone: zone
    });
  } catch {
    return new Date(instant).toLocaleString(undefined, style);
  }
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Writes an estimated price. Prices of single jobs are fractions of a cent. */
export function formatPrice(amount: number, currency = 'USD'): string {
  return new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
    ...(amount > 0 && amount < 0.1 ? { maximumSignificantDigits: 2 } : {})
  }).format(amount);
}

export function formatCost(cost: ICost | null | undefined): string {
  return cost ? formatPrice(cost.estimate, cost.currency) : '';
}

export function isEnded(job: Pick<IJob, 'status'>): boolean {
  return ['COMPLETED', 'FAILED', 'STOPPED'].includes(job.status);
}

/** Says what a job does now, in a few words. */
export function describePhase(job: IJob, trans: TranslationBundle): string {
  const words: { [code: string]: string } = {
    waiting: trans.__('Waiting'),
    launching: trans.__('Starting the container'),
    provisioning: trans.__('Starting the container'),
    starting_kernel: trans.__('Starting the kernel'),
    running: trans.__('Running'),
    converting: trans.__('Converting the notebook'),
    uploading: trans.__('Uploading the results'),
    COMPLETED: trans.__('Completed'),
    FAILED: trans.__('Failed'),
    STOPPED: trans.__('Stopped'),
    STOPPING: trans.__('Stopping')
  };
  if (isEnded(job)) {
    return job.outcome?.title || words[job.status]!;
  }
  return (
    words[job.status] ?? words[job.phase?.code ?? ''] ?? trans.__('Waiting')
  );
}

/** How far a running job is, from 0 to 1; undefined if that is unknown. */
export function progressOf(job: IJob): number | undefined {
  const { cell, cells, code } = job.phase ?? {};
  if (code === 'converting' || code === 'uploading') {
    return 1;
  }
  return code === 'running' && cell && cells ? (cell - 1) / cells : undefined;
}
