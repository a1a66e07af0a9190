import type { Evidence } from './prediction.js';
import type { StreamType } from './signal.js';

/** What a model's evidence hangs on; the event `evidence-broken` names one of these. */
export const linkNames = ['manifest', 'artefacts', 'data', 'recipe', 'folds', 'report', 'probe'] as const;
export type LinkName = (typeof linkNames)[number];

/** A layout of stream as a model's people wore it. */
export interface StreamScope {
  readonly type: StreamType;
  /** The device; null: not known. */
  readonly dialect: string | null;
  /** Nominal rate; 0 = irregular. */
  readonly sfreq_hz: number;
  readonly channels: { readonly label: string; readonly unit: string }[];
}

/** Within what a model's evidence holds. */
export interface Scope {
  readonly streams: readonly StreamScope[];
  /** Sets of modalities that passed by themselves. */
  readonly modalities: readonly (readonly string[])[];
}

/** What a model is worth as evidence, and why. Computed from its folder; nothing in it declares it. */
export interface Worth {
  readonly evidence: Evidence;
  /** The link that does not hold, where one does not. */
  readonly broken: LinkName | null;
  /** Why it is not validated, or what is broken: one line; null where it is validated. */
  readonly reason: string | null;
  /** Null where it is not validated. */
  readonly scope: Scope | null;
}
