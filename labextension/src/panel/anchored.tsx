import React, { useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';

/** Where to insert an element. */
export interface IAnchor {
  parent: Element;
  before: Element | null;
}

export interface IAnchoredProps {
  /** Finds the place, from the element in which the extension point of the stock panel put this component. */
  find: (start: Element) => IAnchor | null;
  className?: string;
  children: React.ReactNode;
}

/**
 * Shows its children elsewhere in the stock panel, which has only one extension point for each view, at its end. If the
 * place is not found, they are shown at the extension point.
 */
export function Anchored(props: IAnchoredProps): JSX.Element {
  const start = useRef<HTMLSpanElement>(null);
  // Undefined until the place was looked for, so that the children are mounted only once.
  const [host, setHost] = useState<HTMLElement | null>();
  const { find } = props;

  useLayoutEffect(() => {
    const anchor = start.current && find(start.current);
    if (!anchor) {
      setHost(null);
      return;
    }
    const element = document.createElement('div');
    anchor.parent.insertBefore(element, anchor.before);
    setHost(element);
    return () => {
      setHost(undefined);
      element.remove();
    };
  }, [find]);

  const content = <div className={props.className}>{props.children}</div>;
  return (
    <>
      <span ref={start} hidden />
      {host ? createPortal(content, host) : host === null && content}
    </>
  );
}
