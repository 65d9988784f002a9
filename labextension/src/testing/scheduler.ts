/** Takes the place of jupyter-scheduler, whose npm package contains no code. */
export enum JobsView {
  CreateForm = 1,
  CreateFromJobDescriptionForm,
  ListJobs,
  ListJobDefinitions,
  JobDetail,
  JobDefinitionDetail,
  EditJobDefinition
}
