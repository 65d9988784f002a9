import { Scheduler } from '@jupyterlab/scheduler';
import { FormLabel, Stack } from '@mui/material';
import React, { useEffect, useRef, useState } from 'react';

import { IConfigResponse } from '../documents';
import { Anchored } from '../panel/anchored';
import {
  aboveFormButtons,
  belowComputeType,
  belowInputFolder
} from '../panel/stock-panel';
import { StockFormFields } from '../panel/stock-fields';
import { Message } from '../panel/message';
import { useServices } from '../services';
import { ComputeTypeFacts, FolderFacts } from './facts';
import { OptionFields } from './option-fields';
import { IOptions, readOptions, writeOptions } from './options';
import { SchedulePreview } from './schedule-preview';
import { UnsavedHint } from './unsaved-hint';

/** Begins the names of the environments with which the server explains why there are none. */
const NO_ENVIRONMENT = '⚠';

/** The options of the create form: those of jupyter-scheduler, and the ones that the service adds. */
export function CreateOptions(props: Scheduler.ICreateProps): JSX.Element {
  const { trans, api, jobCreated } = useServices();
  const { model } = props;
  const [config, setConfig] = useState<IConfigResponse>();
  const [problem, setProblem] = useState<string>();
  const options = readOptions(model.runtimeEnvironmentParameters);
  const ofSchedule = model.createType === 'JobDefinition';

  // Without environments the form cannot be sent, and shows the reason itself: it would be the same here.
  const canCreate =
    model.environment !== '' && !model.environment.startsWith(NO_ENVIRONMENT);
  useEffect(() => {
    if (canCreate) {
      api.config().then(setConfig, error => setProblem(error.message));
    }
  }, [api, canCreate]);

  useDefaultFormats(props, config);

  // The panel says nothing when a job was created: the form is closed while it waits for the answer.
  const isCreating = useRef(false);
  isCreating.current = model.createInProgress === true;
  useEffect(
    () => () => {
      if (isCreating.current) {
        jobCreated();
      }
    },
    []
  );

  // Errors of the schedule's preview and of the options arrive independently of each other.
  const problems = useRef<{ [name: string]: string }>({});
  const report = (changed: { [name: string]: string }): void => {
    const before = JSON.stringify(problems.current);
    problems.current = { ...problems.current, ...changed };
    if (JSON.stringify(problems.current) !== before) {
      props.handleErrorsChange(problems.current);
    }
  };

  const changeOptions = (changed: IOptions): void =>
    props.handleModelChange({
      ...model,
      runtimeEnvironmentParameters: writeOptions(
        model.runtimeEnvironmentParameters,
        changed
      )
    });

  return (
    <Stack spacing={4}>
      <StockFormFields {...props} />
      {config && (
        // The picker is there once the environments are, and so is `config`.
        <Anchored find={belowComputeType} className="jp-SchedulerAws-facts">
          <ComputeTypeFacts name={model.computeType} config={config} />
        </Anchored>
      )}
      {model.packageInputFolder && (
        <Anchored find={belowInputFolder} className="jp-SchedulerAws-facts">
          <FolderFacts path={model.inputFile} />
        </Anchored>
      )}
      <FormLabel component="legend">
        {ofSchedule
          ? trans.__('Limits, schedule and notifications')
          : trans.__('Limits and notifications')}
      </FormLabel>
      {problem && <Message severity="warning">{problem}</Message>}
      <OptionFields
        prefix="jp-SchedulerAws-create-"
        options={options}
        ofSchedule={ofSchedule}
        zone={model.timezone}
        config={config}
        onChange={(changed, newProblems) => {
          changeOptions(changed);
          report({
            options: Object.values(newProblems)[0] ?? ''
          });
        }}
      />
      <Anchored find={aboveFormButtons} className="jp-SchedulerAws">
        <UnsavedHint path={model.inputFile} />
      </Anchored>
      {ofSchedule && canCreate && (
        <Anchored find={aboveFormButtons} className="jp-SchedulerAws">
          <SchedulePreview
            schedule={model.schedule}
            zone={model.timezone}
            onProblem={text => report({ schedule: text })}
          />
        </Anchored>
      )}
    </Stack>
  );
}

/** Formats that are ticked at first. The stock form ticks all that the environment offers, and each one takes time. */
const DEFAULT_FORMATS = ['ipynb', 'html'];

function useDefaultFormats(
  props: Scheduler.ICreateProps,
  config: IConfigResponse | undefined
): void {
  const { model } = props;
  const done = useRef<string>();
  useEffect(() => {
    if (!config || !model.environment || done.current === model.environment) {
      return;
    }
    done.current = model.environment;
    const offered = config.environments
      .find(each => each.name === model.environment)
      ?.output_formats.map(format => format.name);
    const ticked = model.outputFormats ?? [];
    if (offered && offered.every(name => ticked.includes(name))) {
      const chosen = offered.filter(name => DEFAULT_FORMATS.includes(name));
      if (chosen.length > 0 && chosen.length < offered.length) {
        props.handleModelChange({ ...model, outputFormats: chosen });
      }
    }
  }, [config, model.environment]);
}
