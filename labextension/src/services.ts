import { CommandRegistry } from '@lumino/commands';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { Api } from './api';

/** Settings of this extension: schema/plugin.json. */
export interface ISettings {
  /** Time between two requests about a job that is shown [ms]. */
  interval: number;
  /** Lines of the log that are shown before somebody opens it. */
  lastLines: number;
  notifyWhenJobEnds: boolean;
}

/** What the components need of JupyterLab. */
export interface IServices {
  api: Api;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** The texts of jupyter-scheduler, to find its buttons. */
  stockTrans: TranslationBundle;
  settings: ISettings;
  /** The open document of a path in the workspace; null if it is not open. */
  openDocument: (path: string) => DocumentRegistry.Context | null;
  /** Called when somebody has pressed Create. */
  jobCreated: () => void;
}

export const ServicesContext = React.createContext<IServices | null>(null);

export function useServices(): IServices {
  const services = React.useContext(ServicesContext);
  if (!services) {
    throw new Error('ServicesContext is missing');
  }
  return services;
}
