import { Button, MenuItem, TextField } from '@mui/material';
import React from 'react';

import { IChannel } from '../documents';
import { useServices } from '../services';
import {
  formatSubscription,
  ISubscription,
  parseSubscription
} from './notifications';

export interface INotificationFieldsProps {
  prefix: string;
  channels: IChannel[];
  value: string[];
  onChange: (value: string[]) => void;
}

/** Inputs for who is told, and when. */
export function NotificationFields(
  props: INotificationFieldsProps
): JSX.Element {
  const { trans } = useServices();
  const subscriptions = props.value.map(parseSubscription);
  const times: { [when: string]: string } = {
    failure: trans.__('when it fails'),
    end: trans.__('when it ends'),
    always: trans.__('when it starts, is retried or ends'),
    recovery: trans.__('when it works again')
  };

  const change = (index: number, part: Partial<ISubscription>): void => {
    const changed = subscriptions.map((each, position) =>
      position === index ? { ...each, ...part } : each
    );
    props.onChange(changed.map(formatSubscription));
  };

  return (
    <fieldset className="jp-SchedulerAws-notifications">
      <legend>{trans.__('Notifications')}</legend>
      {subscriptions.map((subscription, index) => {
        const id = `${props.prefix}notify-${index}`;
        const channel = props.channels.find(
          each => each.name === subscription.channel
        );
        return (
          <div key={index} className="jp-SchedulerAws-row">
            <TextField
              select
              id={`${id}-channel`}
              label={trans.__('Tell')}
              value={subscription.channel}
              onChange={event =>
                change(index, {
                  channel: event.target.value,
                  address: ''
                })
              }
            >
              {props.channels.map(each => (
                <MenuItem key={each.name} value={each.name}>
                  {each.name}
                </MenuItem>
              ))}
            </TextField>
            {(channel?.takes_address || subscription.address) && (
              <TextField
                id={`${id}-address`}
                label={trans.__('Mail address')}
                value={subscription.address}
                required={channel?.needs_address}
                error={!!channel?.needs_address && !subscription.address}
                placeholder={
                  channel?.needs_address
                    ? ''
                    : trans.__('the operator’s choice')
                }
                InputLabelProps={{ shrink: true }}
                onChange={event =>
                  change(index, {
                    address: event.target.value.trim()
                  })
                }
              />
            )}
            <TextField
              select
              id={`${id}-when`}
              label={trans.__('When')}
              value={subscription.when}
              onChange={event => change(index, { when: event.target.value })}
            >
              {Object.entries(times).map(([when, label]) => (
                <MenuItem key={when} value={when}>
                  {label}
                </MenuItem>
              ))}
            </TextField>
            <Button
              aria-label={trans.__('Remove notification %1', index + 1)}
              onClick={() =>
                props.onChange(
                  props.value.filter((_, position) => position !== index)
                )
              }
            >
              {trans.__('Remove')}
            </Button>
          </div>
        );
      })}
      <Button
        variant="outlined"
        onClick={() =>
          props.onChange([
            ...props.value,
            formatSubscription({
              when: 'failure',
              channel: props.channels[0]!.name,
              address: ''
            })
          ])
        }
      >
        {trans.__('Add Notification')}
      </Button>
    </fieldset>
  );
}
