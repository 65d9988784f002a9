import { CommandRegistry } from '@lumino/commands';
import { JobsView } from '@jupyterlab/scheduler';

/** Shows a job in the stock panel. */
export function openJob(commands: CommandRegistry, id: string): void {
  void commands.execute('scheduling:restore-layout', {
    jobsView: JobsView.JobDetail,
    jobDetailModel: { id }
  });
}
