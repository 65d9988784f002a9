/** What jsdom lacks. Every element can be seen until a test hides all of them. */

type Callback = (entries: { isIntersecting: boolean }[]) => void;

const observers = new Set<Callback>();
let isShown = true;

class FakeIntersectionObserver {
  constructor(private readonly _callback: Callback) {}

  observe(): void {
    observers.add(this._callback);
    this._callback([{ isIntersecting: isShown }]);
  }

  disconnect(): void {
    observers.delete(this._callback);
  }
}

/** Scrolls all elements into or out of view. */
export function setShown(shown: boolean): void {
  isShown = shown;
  for (const callback of observers) {
    callback([{ isIntersecting: shown }]);
  }
}

class FakeDragEvent extends Event {}

Object.assign(globalThis, {
  IntersectionObserver: FakeIntersectionObserver,
  DragEvent: FakeDragEvent,
  matchMedia: () => ({ matches: false, addEventListener: () => undefined })
});
