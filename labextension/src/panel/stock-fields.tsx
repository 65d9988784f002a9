import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import { Scheduler } from '@jupyterlab/scheduler';
import { FormLabel, IconButton, Stack, TextField } from '@mui/material';
import React from 'react';

import { useServices } from '../services';

/**
 * What jupyter-scheduler's own advanced options show: idempotency token and tags, with the same names, ids and texts. They are
 * here again because only one plug-in can provide the options.
 */

const PREFIX = 'jp-create-job-advanced-';

export function StockFormFields(props: Scheduler.ICreateProps): JSX.Element {
  const { stockTrans } = useServices();
  const { model, handleModelChange } = props;
  const tags = model.tags ?? [];
  const setTags = (changed: string[]): void =>
    handleModelChange({ ...model, tags: changed });

  return (
    <>
      {model.createType === 'Job' && (
        <TextField
          label={stockTrans.__('Idempotency token')}
          variant="outlined"
          id={`${PREFIX}idempotencyToken`}
          name="idempotencyToken"
          value={model.idempotencyToken ?? ''}
          onChange={event =>
            handleModelChange({
              ...model,
              idempotencyToken: event.target.value
            })
          }
        />
      )}
      <FormLabel component="legend">{stockTrans.__('Tags')}</FormLabel>
      <Stack spacing={2}>
        {tags.map((tag, index) => (
          <div key={index} className="jp-SchedulerAws-row">
            <TextField
              label={stockTrans.__('Tag %1', index + 1)}
              id={`${PREFIX}tag-${index}`}
              name={`tag-${index}`}
              value={tag}
              onChange={event =>
                setTags(
                  tags.map((each, position) =>
                    position === index ? event.target.value : each
                  )
                )
              }
            />
            <IconButton
              aria-label={stockTrans.__('Delete tag %1', index + 1)}
              title={stockTrans.__('Delete tag %1', index + 1)}
              onClick={() =>
                setTags(tags.filter((_, position) => position !== index))
              }
            >
              <closeIcon.react />
            </IconButton>
          </div>
        ))}
        <div>
          <IconButton
            title={stockTrans.__('Add new tag')}
            onClick={() => setTags([...tags, ''])}
          >
            <addIcon.react />
          </IconButton>
        </div>
      </Stack>
    </>
  );
}

export function StockDetailFields(props: {
  tags: string[] | undefined;
  /** Definitions have none. */
  idempotencyToken?: { value: string | undefined };
}): JSX.Element {
  const { stockTrans } = useServices();
  return (
    <>
      {props.idempotencyToken && (
        <LabeledValue
          id={`${PREFIX}idempotencyToken`}
          label={stockTrans.__('Idempotency token')}
          value={props.idempotencyToken.value}
        />
      )}
      <FormLabel component="legend">{stockTrans.__('Tags')}</FormLabel>
      {props.tags ? (
        props.tags.map((tag, index) => (
          <LabeledValue
            key={index}
            id={`${PREFIX}tag-${index}`}
            label={stockTrans.__('Tag %1', index + 1)}
            value={tag}
          />
        ))
      ) : (
        <p>
          <em>{stockTrans.__('No tags')}</em>
        </p>
      )}
    </>
  );
}

function LabeledValue(props: {
  id: string;
  label: string;
  value: string | undefined;
}): JSX.Element {
  return (
    <div id={props.id} className="jp-SchedulerAws-labeled">
      <span className="jp-jobs-LabeledValue-label">{props.label}</span>
      <div>
        <div>
          <span className="jp-jobs-LabeledValue-value">
            {props.value || '—'}
          </span>
        </div>
      </div>
    </div>
  );
}
