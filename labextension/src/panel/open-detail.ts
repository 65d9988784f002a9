import { CommandRegistry } from '@lumino/commands';
import { JobsView } from '@jupyterlab/scheduler';

const COMMAND = 'scheduling:restore-layout';

/** Whether there is a panel that shows jobs: Notebook 7 has none. */
export function canOpenJobs(commands: CommandRegistry): boolean {
  return commands.hasCommand(COMMAND);
}

/** Shows a job in the stock panel. */
export function openJob(commands: CommandRegistry, id: string): void {
  void commands.execute(COMMAND, {
    jobsView: JobsView.JobDetail,
    jobDetailModel: { id }
  });
}
