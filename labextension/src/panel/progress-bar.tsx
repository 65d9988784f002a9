import React from 'react';

/** A bar beside a text that says the same, so screen readers skip it. Without a value, from 0 to 1, it moves. */
export function ProgressBar(props: { value: number | undefined }): JSX.Element {
  const percent =
    props.value === undefined ? undefined : Math.round(props.value * 100);
  return (
    <div
      className="jp-SchedulerAws-bar"
      aria-hidden="true"
      data-percent={percent}
    >
      <div
        style={percent === undefined ? undefined : { width: `${percent}%` }}
      />
    </div>
  );
}
