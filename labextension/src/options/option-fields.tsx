import { Checkbox, FormControlLabel, MenuItem, TextField } from '@mui/material';
import React, { useEffect, useMemo, useRef, useState } from 'react';

import { IConfigResponse } from '../documents';
import { useServices } from '../services';
import { IField, makeFields, parseField, showField } from './fields';
import { IOptions } from './options';
import { NotificationFields } from './notification-fields';
import { parseSubscription } from './notifications';

export interface IOptionFieldsProps {
  /** Begins the ids of the inputs. */
  prefix: string;
  options: IOptions;
  /** Whether to show the options of schedules, too. */
  ofSchedule: boolean;
  zone: string;
  config: IConfigResponse | undefined;
  /** Called with the options that are right, and the problems of the others by name. */
  onChange: (options: IOptions, problems: { [name: string]: string }) => void;
}

/** Inputs for all options. What a person types stays as it is until the form is closed, also while it is wrong. */
export function OptionFields(props: IOptionFieldsProps): JSX.Element {
  const { trans } = useServices();
  const { options, zone, config } = props;
  const all = useMemo(() => makeFields(trans), [trans]);
  const [texts, setTexts] = useState<{ [name: string]: string }>(() =>
    Object.fromEntries(
      all.map(field => [
        field.name,
        showField(field, options[field.name], zone)
      ])
    )
  );
  const fields = all.filter(field => props.ofSchedule || !field.ofSchedule);

  const read = (
    newTexts: { [name: string]: string },
    others: Partial<IOptions>
  ): void => {
    const right: IOptions = { ...options, ...others };
    const problems: { [name: string]: string } = {};
    for (const field of fields) {
      if (field.kind === 'boolean') {
        continue;
      }
      const { value, problem } = parseField(
        field,
        newTexts[field.name] ?? '',
        zone,
        config?.limits[field.name],
        trans
      );
      Object.assign(right, { [field.name]: value });
      if (problem) {
        problems[field.name] = problem;
      }
    }
    if (right.notify?.some(text => lacksAddress(text, config))) {
      problems.notify = trans.__('A notification lacks its address.');
    }
    for (const name of Object.keys(right) as (keyof IOptions)[]) {
      if (right[name] === undefined) {
        delete right[name];
      }
    }
    props.onChange(right, problems);
  };

  // Local times mean another instant in another zone, and limits can arrive late.
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
    } else if (Object.values(texts).some(Boolean)) {
      read(texts, {});
    }
  }, [zone, config, props.ofSchedule]);

  const change = (field: IField, text: string): void => {
    const newTexts = { ...texts, [field.name]: text };
    setTexts(newTexts);
    read(newTexts, {});
  };

  const describeDefault = (field: IField): string => {
    const limit = config?.limits[field.name];
    return typeof limit?.default === 'number'
      ? trans.__('default: %1', showField(field, limit.default, zone))
      : '';
  };

  return (
    <div className="jp-SchedulerAws-fields">
      {fields.map(field => {
        const id = `${props.prefix}${field.name}`;
        if (field.kind === 'boolean') {
          return (
            <FormControlLabel
              key={field.name}
              label={field.label}
              control={
                <Checkbox
                  id={id}
                  checked={options[field.name] === true}
                  onChange={event =>
                    read(texts, {
                      [field.name]: event.target.checked || undefined
                    })
                  }
                />
              }
            />
          );
        }
        const text = texts[field.name] ?? '';
        const { problem } = parseField(
          field,
          text,
          zone,
          config?.limits[field.name],
          trans
        );
        return (
          <TextField
            key={field.name}
            id={id}
            label={field.label}
            value={text}
            error={!!problem}
            helperText={problem ?? field.help}
            placeholder={describeDefault(field)}
            type={field.kind === 'time' ? 'datetime-local' : 'text'}
            select={field.kind === 'choice'}
            InputLabelProps={{ shrink: true }}
            inputProps={
              field.kind === 'integer' ? { inputMode: 'numeric' } : undefined
            }
            onChange={event => change(field, event.target.value)}
          >
            {field.choices && (
              <MenuItem value="">{trans.__('Default')}</MenuItem>
            )}
            {field.choices?.map(choice => (
              <MenuItem key={choice.value} value={choice.value}>
                {choice.label}
              </MenuItem>
            ))}
          </TextField>
        );
      })}
      {config && config.notification_channels.length > 0 && (
        <NotificationFields
          prefix={props.prefix}
          channels={config.notification_channels}
          value={options.notify ?? []}
          onChange={notify =>
            read(texts, {
              notify: notify.length > 0 ? notify : undefined
            })
          }
        />
      )}
    </div>
  );
}

function lacksAddress(
  text: string,
  config: IConfigResponse | undefined
): boolean {
  const { channel, address } = parseSubscription(text);
  return (
    address === '' &&
    !!config?.notification_channels.some(
      each => each.name === channel && each.needs_address
    )
  );
}
