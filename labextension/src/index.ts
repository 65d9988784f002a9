import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { Scheduler } from '@jupyterlab/scheduler';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import { makeAdvancedOptions } from './advanced-options';
import { Api } from './api';
import { EndNotifications } from './running/end-notifications';
import { RunningJobsWidget } from './running/running-jobs';
import { IServices } from './services';

const PLUGIN = 'jupyter-scheduler-aws:plugin';

interface IShared {
  services: IServices;
  endNotifications: EndNotifications;
}

const ISharedToken = new Token<IShared>('jupyter-scheduler-aws:IShared');

/** What the other plug-ins share, with the settings. */
const shared: JupyterFrontEndPlugin<IShared> = {
  id: PLUGIN,
  description: 'Settings and requests of jupyter-scheduler-aws.',
  autoStart: true,
  provides: ISharedToken,
  optional: [ITranslator, ISettingRegistry, IDocumentManager],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    documents: IDocumentManager | null
  ) => {
    const languages = translator ?? nullTranslator;
    const services: IServices = {
      api: new Api(),
      commands: app.commands,
      trans: languages.load('jupyter_scheduler_aws'),
      stockTrans: languages.load('jupyterlab'),
      settings: {
        interval: 3000,
        lastLines: 10,
        notifyWhenJobEnds: true
      },
      openDocument: path => {
        const widget = documents?.findWidget(path, null);
        return (widget && documents?.contextForWidget(widget)) ?? null;
      },
      jobCreated: () => endNotifications.jobCreated()
    };
    const endNotifications = new EndNotifications(services);
    registry
      ?.load(PLUGIN)
      .then(loaded => {
        const update = (): void => {
          const { interval, lastLines, notifyWhenJobEnds } = loaded.composite;
          Object.assign(services.settings, {
            interval: (interval as number) * 1000,
            lastLines,
            notifyWhenJobEnds
          });
        };
        loaded.changed.connect(update);
        update();
      })
      .catch(error => {
        console.error('jupyter-scheduler-aws: cannot load settings', error);
      });
    return { services, endNotifications };
  }
};

/** Replaces jupyter-scheduler's own advanced options. */
const advancedOptions: JupyterFrontEndPlugin<Scheduler.IAdvancedOptions> = {
  id: 'jupyter-scheduler-aws:advanced-options',
  description:
    'Options in the form for notebook jobs, and live details of jobs and definitions.',
  autoStart: true,
  provides: Scheduler.IAdvancedOptions,
  requires: [ISharedToken],
  activate: (_: JupyterFrontEnd, { services }: IShared) =>
    makeAdvancedOptions(services)
};

const runningJobs: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-scheduler-aws:running-jobs',
  description: 'A view of the notebook jobs that run and wait now.',
  autoStart: true,
  requires: [ISharedToken],
  optional: [ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    { services, endNotifications }: IShared,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const { trans } = services;
    const widget = new RunningJobsWidget(services, response =>
      endNotifications.update(response)
    );
    app.shell.add(widget, 'left', { rank: 550, type: 'Notebook Jobs' });
    restorer?.add(widget, widget.id);

    const show = 'jupyter-scheduler-aws:show-running-jobs';
    app.commands.addCommand(show, {
      label: trans.__('Show Running Notebook Jobs'),
      execute: () => app.shell.activateById(widget.id)
    });
    palette?.addItem({
      command: show,
      category: trans.__('Notebook Jobs')
    });

    const list = 'jupyter-scheduler-aws:list-jobs';
    app.commands.addCommand(list, {
      label: trans.__('List Notebook Jobs'),
      isVisible: () =>
        app.commands.hasCommand('scheduling:list-jobs-from-launcher'),
      execute: () => app.commands.execute('scheduling:list-jobs-from-launcher')
    });
    palette?.addItem({
      command: list,
      category: trans.__('Notebook Jobs')
    });
  }
};

export default [shared, advancedOptions, runningJobs];
