import { nullTranslator } from '@jupyterlab/translation';
import { act, render, RenderResult } from '@testing-library/react';
import { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { Api } from '../api';
import { IServices, ServicesContext } from '../services';
import { setShown } from './browser';

export function makeServices(): IServices {
  return {
    api: new Api(),
    commands: new CommandRegistry(),
    trans: nullTranslator.load('jupyter_scheduler_aws'),
    stockTrans: nullTranslator.load('jupyterlab'),
    settings: { interval: 3000, lastLines: 10, notifyWhenJobEnds: true },
    openDocument: () => null,
    jobCreated: () => undefined
  };
}

export function renderWith(
  services: IServices,
  element: JSX.Element
): RenderResult {
  return render(
    <ServicesContext.Provider value={services}>
      {element}
    </ServicesContext.Provider>
  );
}

/** Time between two renders while time passes [ms]. */
const STEP = 500;

/** Lets time pass, with all that it sets off. */
export async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += STEP) {
    await act(async () => {
      await jest.advanceTimersByTimeAsync(
        Math.min(STEP, milliseconds - passed)
      );
    });
  }
}

/** Scrolls everything into or out of view. */
export async function scroll(shown: boolean): Promise<void> {
  await act(async () => setShown(shown));
}
