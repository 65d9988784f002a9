/** Who is told, and when: the parts of `[WHEN:]CHANNEL[:ADDRESS]`. */
export interface ISubscription {
  when: string;
  channel: string;
  address: string;
}

export const WHEN = ['failure', 'end', 'always', 'recovery'];

export function parseSubscription(text: string): ISubscription {
  const parts = text.split(':');
  const when = WHEN.includes(parts[0] ?? '') ? parts.shift()! : 'failure';
  const [channel = '', ...address] = parts;
  return { when, channel, address: address.join(':') };
}

export function formatSubscription(subscription: ISubscription): string {
  const { when, channel, address } = subscription;
  return [when, channel, ...(address ? [address] : [])].join(':');
}
