import { Button } from '@mui/material';
import React, { useEffect, useState } from 'react';

import { Message } from '../panel/message';
import { useServices } from '../services';

/** Says that the open notebook has changes which the job would not get, and saves them. */
export function UnsavedHint(props: { path: string }): JSX.Element | null {
  const { trans, openDocument } = useServices();
  const [isDirty, setDirty] = useState(false);
  const context = openDocument(props.path);

  useEffect(() => {
    const update = (): void => setDirty(context?.model.dirty ?? false);
    update();
    context?.model.stateChanged.connect(update);
    return () => {
      context?.model.stateChanged.disconnect(update);
    };
  }, [context]);

  if (!context || !isDirty) {
    return null;
  }
  return (
    <Message severity="warning">
      {trans.__(
        'The open notebook has changes that are not saved. The job gets the file as it is on disk.'
      )}{' '}
      <Button onClick={() => void context.save()}>
        {trans.__('Save Notebook')}
      </Button>
    </Message>
  );
}
