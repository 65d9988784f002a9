/** The parts of jupyter-scheduler's panel that this extension finds by their structure. Each function copes with their absence. */
import { TranslationBundle } from '@jupyterlab/translation';

import { IAnchor } from './anchored';

/** Above the cards of a detail view, below its buttons. */
export function aboveCards(start: Element): IAnchor | null {
  const parent = start.closest('.MuiCard-root')?.parentElement;
  const before = parent?.querySelector(':scope > .MuiCard-root');
  return parent && before ? { parent, before } : null;
}

/** Above the buttons of the create form, below the schedule. */
export function aboveFormButtons(start: Element): IAnchor | null {
  const parent = start.closest('form')?.firstElementChild;
  const before = parent?.lastElementChild;
  return parent && before && !before.contains(start)
    ? { parent, before }
    : null;
}

function below(start: Element, field: string): IAnchor | null {
  const parent = start.closest('form')?.firstElementChild;
  for (const child of parent?.children ?? []) {
    if (child.querySelector(field)) {
      return { parent: parent!, before: child.nextElementSibling };
    }
  }
  return null;
}

/** Below the picker of the compute type in the create form. */
export function belowComputeType(start: Element): IAnchor | null {
  return below(start, '[name="computeType"]');
}

/** Below the checkbox for the input folder in the create form. */
export function belowInputFolder(start: Element): IAnchor | null {
  return below(start, '[name="packageInputFolder"]');
}

/** Presses the panel's Reload button, so that it shows the state that this extension knows. */
export function reloadDetail(start: Element, trans: TranslationBundle): void {
  const labels = [trans.__('Reload Job'), trans.__('Reload Job Definition')];
  const panel = start.closest('.jp-notebook-jobs-panel');
  for (const button of panel?.querySelectorAll('button') ?? []) {
    if (labels.includes(button.textContent?.trim() ?? '')) {
      button.click();
      return;
    }
  }
}
