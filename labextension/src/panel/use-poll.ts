import { Poll } from '@lumino/polling';
import { useEffect, useRef } from 'react';

/** The longest time between two requests while they fail [ms]. */
const MAX_INTERVAL = 60_000;

/**
 * Calls a function at once and then again and again while `active`, more slowly while it fails.
 *
 * Two calls are never closer than the interval [ms], even if `active` changes back and forth.
 */
export function usePoll(
  call: () => Promise<void>,
  active: boolean,
  interval: number
): void {
  const latest = useRef(call);
  latest.current = call;
  const last = useRef(-Infinity);

  useEffect(() => {
    if (!active) {
      return;
    }
    const poll = new Poll({
      name: 'jupyter-scheduler-aws',
      auto: false,
      factory: () => {
        last.current = performance.now();
        return latest.current();
      },
      frequency: { interval, backoff: 2, max: MAX_INTERVAL },
      standby: 'never'
    });
    const wait = last.current + interval - performance.now();
    const timer = setTimeout(() => void poll.start(), Math.max(0, wait));
    return () => {
      clearTimeout(timer);
      poll.dispose();
    };
  }, [active, interval]);
}
