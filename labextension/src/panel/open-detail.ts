import { CommandRegistry } from '@lumino/commands';
import { JobsView } from '@jupyterlab/scheduler';

const COMMAND = 'scheduling:restore-layout';

/** Shows a job in the stock panel, which Notebook 7 does not have. */
export function openJob(commands: CommandRegistry, id: string): void {
  if (!commands.hasCommand(COMMAND)) {
    return;
  }
  void commands.execute(COMMAND, {
    jobsView: JobsView.JobDetail,
    jobDetailModel: { id }
  });
}
