import { JobsView, Scheduler } from '@jupyterlab/scheduler';
import { Stack } from '@mui/material';
import React from 'react';

import { DefinitionDetail } from './definition/definition-detail';
import { JobDetail } from './live/job-detail';
import { CreateOptions } from './options/create-options';
import { StockDetailFields } from './panel/stock-fields';
import { IServices, ServicesContext } from './services';

/** Makes the component that jupyter-scheduler shows in its create form, and in the details of jobs and definitions. */
export function makeAdvancedOptions(
  services: IServices
): Scheduler.IAdvancedOptions {
  return props => (
    <ServicesContext.Provider value={services}>
      <View {...props} />
    </ServicesContext.Provider>
  );
}

function View(props: Scheduler.IAdvancedOptionsProps): JSX.Element | null {
  switch (props.jobsView) {
    case JobsView.CreateForm:
      return <CreateOptions {...props} />;
    case JobsView.JobDetail:
      return (
        <Stack spacing={4}>
          <StockDetailFields
            tags={props.model.tags}
            idempotencyToken={{
              value: props.model.idempotencyToken
            }}
          />
          <JobDetail id={props.model.jobId} shownStatus={props.model.status} />
        </Stack>
      );
    case JobsView.JobDefinitionDetail:
      return (
        <Stack spacing={4}>
          <StockDetailFields tags={props.model.tags} />
          <DefinitionDetail
            id={props.model.definitionId}
            loaded={props.model}
          />
        </Stack>
      );
    default:
      return null;
  }
}
