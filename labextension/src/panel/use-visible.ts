import { RefObject, useEffect, useState } from 'react';

/** Whether a person can see an element: its tab is in front, it is not scrolled away, and the browser shows the page. */
export function useVisible(element: RefObject<Element>): boolean {
  const [isShown, setShown] = useState(false);
  const [isPageVisible, setPageVisible] = useState(!document.hidden);

  useEffect(() => {
    const update = (): void => setPageVisible(!document.hidden);
    document.addEventListener('visibilitychange', update);
    return () => document.removeEventListener('visibilitychange', update);
  }, []);

  useEffect(() => {
    const target = element.current;
    if (!target) {
      return;
    }
    const observer = new IntersectionObserver(entries => {
      setShown(entries[entries.length - 1]?.isIntersecting ?? false);
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);

  return isShown && isPageVisible;
}
