import { duration } from './number-text.js';
import { isSilent, type PageState, type SessionState, selectedSession } from './state.js';

type ConnectionKind = 'connecting' | 'waiting' | 'live' | 'silent' | 'reconnecting' | 'closed';

/** What the header says of the connection and the chosen session's data. */
export function connectionText(
  state: PageState,
  now_s: number,
): { kind: ConnectionKind; word: string; detail: string } {
  const problem = state.problem ?? '';
  const session = selectedSession(state);
  const age = session ? `last message ${duration(now_s - session.heard_s)} ago` : '';
  const said = (...parts: string[]) => parts.filter((part) => part !== '').join('; ');
  switch (state.connection) {
    case 'connecting':
      return { kind: 'connecting', word: 'connecting', detail: problem };
    case 'reconnecting':
      return { kind: 'reconnecting', word: 'reconnecting', detail: said(age, problem) };
    case 'closed':
      return { kind: 'closed', word: 'closed', detail: said(problem, age) };
    case 'open':
      if (!session) return { kind: 'waiting', word: 'connected', detail: said('no data yet', problem) };
      if (isSilent(session, now_s))
        return { kind: 'silent', word: session.closed ? 'ended' : 'silent', detail: said(age, problem) };
      if (isBlind(session))
        return { kind: 'silent', word: 'no sensor', detail: said('every sensor is masked', problem) };
      return { kind: 'live', word: 'live', detail: said(delay(session), problem) };
  }
}

/** Whether it goes on without anything that is measured. */
function isBlind({ affect, quality }: SessionState): boolean {
  const sensors = Object.values(affect?.modalities ?? quality?.inputs ?? {});
  return sensors.length > 0 && sensors.every(({ present }) => !present);
}

/** How old the data was when the daemon spoke of it. */
function delay({ affect, quality }: SessionState): string {
  const age_ms = (affect ?? quality)?.age_ms;
  if (age_ms === undefined) return '';
  return age_ms < 1000 ? `data ${Math.round(age_ms)} ms old` : `data ${duration(age_ms / 1000)} old`;
}
