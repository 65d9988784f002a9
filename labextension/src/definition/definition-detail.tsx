import { Button } from '@mui/material';
import React, { useCallback, useEffect, useRef, useState } from 'react';

import { IDefinitionResponse } from '../documents';
import { formatPrice, formatRunTime, formatTime } from '../format';
import { Anchored } from '../panel/anchored';
import { aboveCards, reloadDetail } from '../panel/stock-panel';
import { useVisible } from '../panel/use-visible';
import { Message } from '../panel/message';
import { useServices } from '../services';
import { DefinitionOptions } from './definition-options';
import { OutcomeStrip } from './outcome-strip';

export interface IDefinitionDetailProps {
  id: string;
  /** What the panel has loaded: another object whenever somebody reloads it. */
  loaded: object;
}

/** How a definition does, and its options: above the cards of the stock detail view. */
export function DefinitionDetail(props: IDefinitionDetailProps): JSX.Element {
  return (
    <Anchored find={aboveCards} className="jp-SchedulerAws">
      <Health {...props} key={props.id} />
    </Anchored>
  );
}

function Health(props: IDefinitionDetailProps): JSX.Element {
  const { trans, stockTrans, api } = useServices();
  const root = useRef<HTMLElement>(null);
  const visible = useVisible(root);
  const [response, setResponse] = useState<IDefinitionResponse>();
  const [problem, setProblem] = useState<string>();

  const load = useCallback(async () => {
    try {
      setResponse(await api.definition(props.id));
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }, [api, props.id]);

  // It changes when a run starts or ends. A person who comes back to it wants the present state; nothing polls it.
  useEffect(() => {
    if (visible) {
      void load();
    }
  }, [visible, load, props.loaded]);

  return (
    <section
      ref={root}
      className="jp-SchedulerAws-card"
      aria-label={trans.__('Runs and schedule')}
    >
      {problem && (
        <>
          <Message severity="warning">{problem}</Message>
          <Button onClick={() => void load()}>{trans.__('Try Again')}</Button>
        </>
      )}
      {!response && !problem && <p>{trans.__('Asking the service …')}</p>}
      {response && (
        <>
          <Problems response={response} />
          <NextRuns response={response} />
          <OutcomeStrip runs={response.runs} />
          <Facts response={response} />
          <DefinitionOptions
            definition={response.definition}
            onChange={async () => {
              await load();
              if (root.current) {
                reloadDetail(root.current, stockTrans);
              }
            }}
          />
        </>
      )}
    </section>
  );
}

function Problems({
  response
}: {
  response: IDefinitionResponse;
}): JSX.Element | null {
  const { trans } = useServices();
  const { problems, late_since: lateSince } = response.definition;
  return (
    <>
      {problems?.map(problem => (
        <Message severity="error" key={problem.code + problem.since}>
          <strong>{problem.title}</strong>{' '}
          {trans.__('(since %1)', formatTime(problem.since))}
          <br />
          {problem.message}
        </Message>
      ))}
      {lateSince && (
        <Message severity="error">
          {trans.__(
            'No run has succeeded in time since %1.',
            formatTime(lateSince)
          )}
        </Message>
      )}
    </>
  );
}

function NextRuns({
  response
}: {
  response: IDefinitionResponse;
}): JSX.Element {
  const { trans } = useServices();
  const { definition, next_run_times: times } = response;
  const zone = definition.timezone || 'UTC';
  return (
    <div>
      <h3>{trans.__('Next runs')}</h3>
      {response.words && <p>{`${response.words} (${zone})`}</p>}
      {times.length > 0 ? (
        <ol className="jp-SchedulerAws-runs">
          {times.map(time => (
            <li key={time}>{formatRunTime(time, zone)}</li>
          ))}
        </ol>
      ) : (
        <p>
          {!definition.schedule
            ? trans.__(
                'It has no schedule, and runs only when somebody runs it.'
              )
            : definition.active
              ? trans.__('There are no more runs.')
              : trans.__('The schedule is paused.')}
        </p>
      )}
    </div>
  );
}

function Facts({ response }: { response: IDefinitionResponse }): JSX.Element {
  const { trans } = useServices();
  const { definition, cost } = response;
  const facts: string[] = [];
  facts.push(
    definition.last_success
      ? trans.__(
          'Last success: the run of %1.',
          formatTime(definition.last_success.scheduled_time)
        )
      : trans.__('No run has succeeded yet.')
  );
  if (definition.consecutive_failures && definition.failing_since) {
    facts.push(
      trans._n(
        '%1 failure since %2.',
        '%1 failures in a row since %2.',
        definition.consecutive_failures,
        formatTime(definition.failing_since)
      )
    );
  }
  if (definition.missed_count) {
    facts.push(
      trans.__(
        '%1 due times passed without a run, because the service could not start them in time.',
        definition.missed_count
      )
    );
  }
  if (definition.skipped_count) {
    facts.push(
      trans.__(
        '%1 due times were skipped, because the run before had not ended; the last one was %2.',
        definition.skipped_count,
        definition.last_skipped ? formatTime(definition.last_skipped) : '—'
      )
    );
  }
  if (typeof cost.estimate === 'number' && cost.currency && cost.jobs > 0) {
    const price = formatPrice(cost.estimate, cost.currency);
    facts.push(
      cost.complete
        ? trans.__('Cost in %1 days: about %2.', cost.days, price)
        : trans.__(
            'Cost of the last %1 runs in %2 days: about %3.',
            cost.jobs,
            cost.days,
            price
          )
    );
  }
  return (
    <ul className="jp-SchedulerAws-plain">
      {facts.map(fact => (
        <li key={fact}>{fact}</li>
      ))}
    </ul>
  );
}
