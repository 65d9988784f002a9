import React from 'react';

export interface IMessageProps {
  severity: 'error' | 'warning';
  children: React.ReactNode;
}

/** Something that a person must see. It is read out when it appears. */
export function Message(props: IMessageProps): JSX.Element {
  return (
    <div
      role="alert"
      className="jp-SchedulerAws-message"
      data-severity={props.severity}
    >
      {props.children}
    </div>
  );
}
