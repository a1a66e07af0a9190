import type { Seconds } from '../../core/clock.js';
import type { StreamInfo } from '../../core/signal.js';
import { selects } from '../file/stream-selector.js';
import type { Claim } from './claims.js';

/** A stream that feeds or fed a source. */
export interface Holder {
  readonly info: StreamInfo;
  readonly key: string;
  heardAt: Seconds;
  heard: number;
  /** null: it is open. */
  closedAt: Seconds | null;
  onPurpose: boolean;
  /** It fed the source before the daemon was started again, and hasn't been seen since. */
  isExpected?: true;
}

/** Streams that fed a source, in order, the present one last. */
export type Holders = readonly Readonly<Holder>[];

/** By claim, or by name of a source. */
type HoldersOf = ReadonlyMap<string, Holders>;

/**
 * What feeds the sources of another pipeline, `claims`, where it goes on in place of one whose claims had `holders` and
 * `sources`. A claim is fed as before, and a source that has its name and still asks for what fed it; no stream feeds two.
 * Gives who fed each source by name, and who feeds each claim now.
 */
export function carriedOver(
  claims: readonly Claim[],
  holders: readonly (readonly [claim: string, holders: Holders])[],
  sources: readonly (readonly [claim: string, names: readonly string[]])[],
): [before: HoldersOf, after: HoldersOf] {
  const heldBefore = new Map(holders);
  const before = new Map<string, Holders>();
  for (const [claim, names] of sources)
    for (const name of names) before.set(name, heldBefore.get(claim) ?? []);
  const after = new Map<string, Holders>();
  const keep = ({ key, sources: [source] }: Claim, held: Holders | undefined): void => {
    const present = held?.at(-1);
    if (!held || !present || after.has(key) || !selects(source, present.info)) return;
    if ([...after.values()].some((others) => others.at(-1)?.key === present.key)) return;
    after.set(
      key,
      held.filter(({ info }) => selects(source, info)),
    );
  };
  for (const claim of claims) keep(claim, heldBefore.get(claim.key));
  for (const claim of claims) for (const { name } of claim.sources) keep(claim, before.get(name));
  return [before, after];
}
