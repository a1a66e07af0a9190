import type { SignalsMessage } from '../../src/io/client/index.js';

type Info = NonNullable<SignalsMessage['info']>;

const fields = {
  ...({ stream: 'signals', session: 's1', seq: 0, run: 'r', time: null, zero: 0 } as const),
  ...{ time_unix: 1_780_000_000, age_ms: 1 },
};

export function signalInfo({
  labels,
  unit,
  ...told
}: Pick<Info, 'type' | 'sfreq'> & { labels: readonly string[]; unit: string }): Info {
  const channels = labels.map((label) => ({ label, unit, type: told.type }));
  return { ...told, name: `a ${told.type}`, source_id: '', channels };
}

export function opened(id: string, info: Info, more: Partial<SignalsMessage> = {}): SignalsMessage {
  return { ...fields, kind: 'open', id, info, ...more };
}

/** Of columns that are a twentieth of a second each where `per_s` isn't said. */
export function bins({
  id,
  per_s = 20,
  gaps = [],
  past,
  session = 's1',
  ...told
}: Pick<SignalsMessage, 'id' | 'past'> &
  Partial<Pick<SignalsMessage, 'session'>> &
  Partial<NonNullable<SignalsMessage['bins']>> &
  Pick<NonNullable<SignalsMessage['bins']>, 'first' | 'least' | 'greatest'>): SignalsMessage {
  return { ...fields, session, kind: 'bins', id, bins: { per_s, gaps, ...told }, ...(past && { past }) };
}

export function samples(told: Pick<SignalsMessage, 'id' | 'zero' | 'times' | 'data'>): SignalsMessage {
  return { ...fields, kind: 'samples', ...told };
}
