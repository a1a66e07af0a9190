import type { InputState } from './state.js';

export type Channel = InputState['channels'][number];
type ChannelKind = 'ok' | 'waiting' | 'flat' | 'missing' | 'suspect';

/** How a channel's state is drawn: each kind has a shape of its own. */
export function channelKind(state: string): ChannelKind {
  switch (state) {
    case 'ok':
      return 'ok';
    case 'warming-up':
      return 'waiting';
    case 'flat':
    case 'railed':
      return 'flat';
    case 'stale':
    case 'absent':
    case 'gap':
    case 'nan':
      return 'missing';
    default:
      return 'suspect';
  }
}

/** `14 channels ok`, or `12 of 14 channels ok; flat 1, nan 1`. */
export function channelSummary(channels: readonly Channel[]): string {
  const counts = new Map<string, number>();
  for (const { state } of channels) counts.set(state, (counts.get(state) ?? 0) + 1);
  const ok = counts.get('ok') ?? 0;
  const noun = channels.length === 1 ? 'channel' : 'channels';
  if (ok === channels.length) return `${ok} ${noun} ok`;
  const others = [...counts].filter(([state]) => state !== 'ok').map(([state, n]) => `${n} ${state}`);
  return `${ok} of ${channels.length} ${noun} ok; ${others.join(', ')}`;
}
