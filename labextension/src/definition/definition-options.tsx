import { Button } from '@mui/material';
import React, { useState } from 'react';

import { IConfigResponse, IDefinition } from '../documents';
import { makeFields, showField } from '../options/fields';
import { OptionFields } from '../options/option-fields';
import { IOptions } from '../options/options';
import { Message } from '../panel/message';
import { useServices } from '../services';

export interface IDefinitionOptionsProps {
  definition: IDefinition;
  /** Called after a change was stored. */
  onChange: () => Promise<void>;
}

/** The options of a definition, and a form to change them. */
export function DefinitionOptions(props: IDefinitionOptionsProps): JSX.Element {
  const { trans } = useServices();
  const [isOpen, setOpen] = useState(false);
  return (
    <div>
      <h3>{trans.__('Options')}</h3>
      {isOpen ? (
        <EditOptions
          definition={props.definition}
          onClose={() => setOpen(false)}
          onChange={props.onChange}
        />
      ) : (
        <>
          <ShownOptions definition={props.definition} />
          <Button variant="outlined" onClick={() => setOpen(true)}>
            {trans.__('Edit Options')}
          </Button>
        </>
      )}
    </div>
  );
}

function ShownOptions(props: { definition: IDefinition }): JSX.Element {
  const { trans } = useServices();
  const { definition } = props;
  const zone = definition.timezone || 'UTC';
  const rows: [string, string][] = [];
  for (const field of makeFields(trans)) {
    const value = definition[field.name] as IOptions[typeof field.name] | null;
    if (field.kind === 'boolean') {
      rows.push([field.label, value ? trans.__('yes') : trans.__('no')]);
    } else if (value !== null && value !== undefined) {
      const choice = field.choices?.find(each => each.value === value);
      rows.push([field.label, choice?.label ?? showField(field, value, zone)]);
    }
  }
  const notify = definition.notify as string[] | null | undefined;
  if (notify && notify.length > 0) {
    rows.push([trans.__('Notifications'), notify.join(', ')]);
  }
  return (
    <dl className="jp-SchedulerAws-options">
      {rows.map(([label, value]) => (
        <React.Fragment key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

/** The options that a definition has, as the form edits them. */
function ownOptions(definition: IDefinition, names: string[]): IOptions {
  return Object.fromEntries(
    names
      .map(name => [name, definition[name]] as const)
      .filter(([, value]) => value !== null && value !== undefined)
  );
}

function EditOptions(props: {
  definition: IDefinition;
  onClose: () => void;
  onChange: () => Promise<void>;
}): JSX.Element {
  const { trans, api } = useServices();
  const { definition } = props;
  const names = [...makeFields(trans).map(field => field.name), 'notify'];
  const [before] = useState(() => ownOptions(definition, names));
  const [options, setOptions] = useState<IOptions>(before);
  const [isWrong, setWrong] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [config, setConfig] = useState<IConfigResponse>();
  React.useEffect(() => {
    api.config().then(setConfig, error => setProblem(error.message));
  }, [api]);

  const save = async (): Promise<void> => {
    const changed = (names as (keyof IOptions)[]).filter(
      name => JSON.stringify(options[name]) !== JSON.stringify(before[name])
    );
    setBusy(true);
    try {
      if (changed.length > 0) {
        await api.changeDefinition(
          definition.job_definition_id,
          Object.fromEntries(changed.map(name => [name, options[name] ?? null]))
        );
        await props.onChange();
      }
      props.onClose();
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <>
      {problem && <Message severity="error">{problem}</Message>}
      <OptionFields
        prefix="jp-SchedulerAws-edit-"
        options={options}
        ofSchedule
        zone={definition.timezone || 'UTC'}
        config={config}
        onChange={(newOptions, problems) => {
          setOptions(newOptions);
          setWrong(Object.keys(problems).length > 0);
        }}
      />
      <div className="jp-SchedulerAws-row">
        <Button
          variant="contained"
          disabled={isBusy || isWrong}
          onClick={() => void save()}
        >
          {trans.__('Save Options')}
        </Button>
        <Button variant="outlined" onClick={props.onClose}>
          {trans.__('Cancel')}
        </Button>
      </div>
    </>
  );
}
