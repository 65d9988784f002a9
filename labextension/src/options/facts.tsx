import React, { useEffect, useState } from 'react';

import { IConfigResponse, IFolderResponse } from '../documents';
import { formatBytes, formatPrice } from '../format';
import { Message } from '../panel/message';
import { useServices } from '../services';

/** What the chosen compute type is, and what it costs. */
export function ComputeTypeFacts(props: {
  name: string | undefined;
  config: IConfigResponse;
}): JSX.Element | null {
  const { trans } = useServices();
  const type = props.config.compute_types.find(
    each => each.name === props.name
  );
  if (!type) {
    return null;
  }
  const size = trans.__(
    'Compute type %1: %2 vCPU, %3 GiB of memory',
    type.name,
    type.vcpu,
    type.memory_gib
  );
  const spot = type.spot
    ? trans.__(', on Spot capacity, which AWS can take back')
    : '';
  const price =
    typeof type.price_per_hour === 'number'
      ? trans.__(
          ', about %1 per hour',
          formatPrice(type.price_per_hour, props.config.currency ?? undefined)
        )
      : '';
  return <p>{`${size}${spot}${price}.`}</p>;
}

/** What is sent with the notebook if its folder is. */
export function FolderFacts(props: { path: string }): JSX.Element {
  const { trans, api } = useServices();
  const [folder, setFolder] = useState<IFolderResponse>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let isCurrent = true;
    api.folder(props.path).then(
      response => isCurrent && setFolder(response),
      error => isCurrent && setProblem(error.message)
    );
    return () => {
      isCurrent = false;
    };
  }, [api, props.path]);

  const reason = problem ?? folder?.problem;
  if (reason) {
    return <Message severity="warning">{reason}</Message>;
  }
  if (!folder) {
    return <p>{trans.__('Looking into the folder …')}</p>;
  }
  return (
    <div>
      <p>
        {trans._n(
          'The folder has %1 file, %2.',
          'The folder has %1 files, together %2.',
          folder.files,
          formatBytes(folder.bytes)
        )}
      </p>
      {folder.left_out_count > 0 && (
        <details>
          <summary>
            {trans.__('%1 entries are left out', folder.left_out_count)}
          </summary>
          <ul>
            {folder.left_out.map(name => (
              <li key={name}>{name}</li>
            ))}
            {folder.left_out_count > folder.left_out.length && (
              <li>
                {trans.__(
                  'and %1 more',
                  folder.left_out_count - folder.left_out.length
                )}
              </li>
            )}
          </ul>
        </details>
      )}
    </div>
  );
}
