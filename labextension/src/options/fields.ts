import { TranslationBundle } from '@jupyterlab/translation';

import { ILimit } from '../documents';
import { IOptions } from './options';
import {
  formatDuration,
  formatLocalTime,
  parseDuration,
  parseInteger,
  parseLocalTime
} from './values';

/** An option that is typed as text, or chosen. Notifications have their own component. */
export interface IField {
  name: Exclude<keyof IOptions, 'notify'>;
  kind: 'duration' | 'integer' | 'time' | 'choice' | 'boolean';
  label: string;
  help: string;
  /** Value of one unit that the text has: durations are typed in seconds. */
  scale?: number;
  min?: number;
  choices?: { value: string; label: string }[];
  /** Only definitions have it. */
  ofSchedule?: boolean;
}

export function makeFields(trans: TranslationBundle): IField[] {
  return [
    {
      name: 'timeout_seconds',
      kind: 'duration',
      label: trans.__('Time limit'),
      help: trans.__('Stops an attempt that takes longer, such as 90m or 2h.'),
      min: 1
    },
    {
      name: 'max_retries',
      kind: 'integer',
      label: trans.__('Retries'),
      help: trans.__('New attempts after the notebook itself has failed.')
    },
    {
      name: 'min_retry_interval_millis',
      kind: 'duration',
      scale: 1000,
      label: trans.__('Wait between retries'),
      help: trans.__('Such as 30s or 10m.')
    },
    {
      name: 'retry_on_timeout',
      kind: 'boolean',
      label: trans.__('Also retry after the time limit'),
      help: ''
    },
    {
      name: 'schedule_start',
      kind: 'time',
      ofSchedule: true,
      label: trans.__('First run not before'),
      help: trans.__('In the time zone of the schedule.')
    },
    {
      name: 'schedule_end',
      kind: 'time',
      ofSchedule: true,
      label: trans.__('No run after'),
      help: trans.__('In the time zone of the schedule.')
    },
    {
      name: 'max_runs',
      kind: 'integer',
      ofSchedule: true,
      min: 1,
      label: trans.__('Maximum number of runs'),
      help: trans.__('The schedule stops after this number of jobs.')
    },
    {
      name: 'overlap_policy',
      kind: 'choice',
      ofSchedule: true,
      label: trans.__('If the last run is still in progress'),
      help: '',
      choices: [
        { value: 'allow', label: trans.__('Run in parallel') },
        { value: 'skip', label: trans.__('Skip the new run') }
      ]
    },
    {
      name: 'catch_up_seconds',
      kind: 'duration',
      ofSchedule: true,
      label: trans.__('Catch up missed runs for'),
      help: trans.__('How late a missed run can still start; 0s never.')
    },
    {
      name: 'success_within_seconds',
      kind: 'duration',
      ofSchedule: true,
      min: 60,
      label: trans.__('Expect success within'),
      help: trans.__(
        'Whoever is notified of failures is told if no run has succeeded this long after its time.'
      )
    },
    {
      name: 'pause_after_failures',
      kind: 'integer',
      ofSchedule: true,
      label: trans.__('Pause after failures in a row'),
      help: trans.__('0 never pauses the schedule.')
    },
    {
      name: 'job_retention_days',
      kind: 'integer',
      ofSchedule: true,
      min: 1,
      label: trans.__('Keep jobs for days'),
      help: trans.__('The newest success is always kept.')
    },
    {
      name: 'keep_last',
      kind: 'integer',
      ofSchedule: true,
      min: 1,
      label: trans.__('Keep only the last jobs'),
      help: trans.__('Number of ended jobs that are kept.')
    }
  ];
}

export interface IParsed {
  value?: number | string;
  problem?: string;
}

/** Reads what a person typed into a field. An empty text is the default. */
export function parseField(
  field: IField,
  text: string,
  zone: string,
  limit: ILimit | undefined,
  trans: TranslationBundle
): IParsed {
  if (text.trim() === '') {
    return {};
  }
  if (field.kind === 'choice') {
    return { value: text };
  }
  if (field.kind === 'time') {
    const value = parseLocalTime(text, zone);
    return value === undefined
      ? { problem: trans.__('This is not a date and time.') }
      : { value };
  }
  const number =
    field.kind === 'duration' ? parseDuration(text) : parseInteger(text);
  if (number === undefined) {
    return {
      problem:
        field.kind === 'duration'
          ? trans.__('Write it with units, such as 30s, 90m, 2h or 1d.')
          : trans.__('Write a whole number.')
    };
  }
  const scale = field.scale ?? 1;
  const value = number * scale;
  const show = (limited: number): string => showNumber(field, limited);
  if (field.min !== undefined && value < field.min) {
    return { problem: trans.__('At least %1.', show(field.min)) };
  }
  if (typeof limit?.max === 'number' && value > limit.max) {
    return {
      problem: trans.__('The operator allows at most %1.', show(limit.max))
    };
  }
  return { value };
}

/** Writes a value as a person would type it. */
export function showField(
  field: IField,
  value: number | string | boolean | undefined | null,
  zone: string
): string {
  if (value === undefined || value === null) {
    return '';
  }
  if (typeof value !== 'number') {
    return String(value);
  }
  return field.kind === 'time'
    ? formatLocalTime(value, zone)
    : showNumber(field, value);
}

function showNumber(field: IField, value: number): string {
  return field.kind === 'duration'
    ? formatDuration(value / (field.scale ?? 1))
    : String(value);
}
