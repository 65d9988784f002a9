import { Button } from '@mui/material';
import React, { useLayoutEffect, useRef } from 'react';

import { useServices } from '../services';
import { ILog } from './log';

export interface ILogViewProps {
  log: ILog;
  /** Lines to show while the log is closed. */
  lastLines: number;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Whether more lines can follow. */
  live: boolean;
}

/** The last lines of a log, or all of it. It follows new lines unless a person has scrolled up. */
export function LogView(props: ILogViewProps): JSX.Element {
  const { trans } = useServices();
  const { log, open, live } = props;
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);

  useLayoutEffect(() => {
    if (box.current && follows.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [log.lines, open]);

  const lines = open
    ? log.lines
    : props.lastLines > 0
      ? log.lines.slice(-props.lastLines)
      : [];
  return (
    <div>
      {(open || lines.length > 0) && (
        <pre
          ref={box}
          className="jp-SchedulerAws-log"
          role="log"
          aria-label={trans.__('Log of the job')}
          tabIndex={0}
          onScroll={event => {
            const { scrollTop, scrollHeight, clientHeight } =
              event.currentTarget;
            follows.current = scrollHeight - scrollTop - clientHeight < 4;
          }}
        >
          {open && log.isCut && (
            <em>
              {trans.__(
                'These are the last %1 lines; nbjobs logs prints all.',
                log.lines.length
              )}
              {'\n'}
            </em>
          )}
          {lines.join('\n') ||
            (live ? trans.__('Nothing printed yet.') : trans.__('No lines.'))}
        </pre>
      )}
      <Button
        variant="text"
        aria-expanded={open}
        onClick={() => {
          follows.current = true;
          props.onOpenChange(!open);
        }}
      >
        {open
          ? trans.__('Close the Log')
          : live
            ? trans.__('Follow the Log')
            : trans.__('Show the Log')}
      </Button>
    </div>
  );
}
