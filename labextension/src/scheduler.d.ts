/**
 * The extension point of jupyter-scheduler, as its src/tokens.ts and src/model.ts have it. Its npm package contains no types.
 */
declare module '@jupyterlab/scheduler' {
  import { Token } from '@lumino/coreutils';
  import React from 'react';

  export enum JobsView {
    CreateForm = 1,
    CreateFromJobDescriptionForm,
    ListJobs,
    ListJobDefinitions,
    JobDetail,
    JobDefinitionDetail,
    EditJobDefinition
  }

  export type EnvironmentParameters = {
    [name: string]: number | string | boolean;
  };

  /** The fields of ICreateJobModel that this extension reads or writes. */
  export interface ICreateJobModel {
    [name: string]: unknown;
    inputFile: string;
    environment: string;
    createType: 'Job' | 'JobDefinition';
    createInProgress?: boolean;
    runtimeEnvironmentParameters?: EnvironmentParameters;
    outputFormats?: string[];
    computeType?: string;
    idempotencyToken?: string;
    tags?: string[];
    schedule: string;
    timezone: string;
    packageInputFolder?: boolean;
  }

  /** The fields of IJobDetailModel that this extension reads. */
  export interface IJobDetailModel {
    jobId: string;
    status?: string;
    idempotencyToken?: string;
    tags?: string[];
  }

  /** The fields of IJobDefinitionModel that this extension reads. */
  export interface IJobDefinitionModel {
    definitionId: string;
    active?: boolean;
    timezone?: string;
    updateTime: number;
    tags?: string[];
  }

  export namespace Scheduler {
    export type ErrorsType = { [name: string]: string };

    interface IShared {
      errors: ErrorsType;
      handleErrorsChange: (errors: ErrorsType) => void;
    }

    export interface ICreateProps extends IShared {
      jobsView: JobsView.CreateForm;
      model: ICreateJobModel;
      handleModelChange: (model: ICreateJobModel) => void;
    }

    export interface IJobDetailProps extends IShared {
      jobsView: JobsView.JobDetail;
      model: IJobDetailModel;
    }

    export interface IDefinitionDetailProps extends IShared {
      jobsView: JobsView.JobDefinitionDetail;
      model: IJobDefinitionModel;
    }

    export type IAdvancedOptionsProps =
      ICreateProps | IJobDetailProps | IDefinitionDetailProps;

    export type IAdvancedOptions = React.FC<IAdvancedOptionsProps>;

    export const IAdvancedOptions: Token<IAdvancedOptions>;
  }
}
