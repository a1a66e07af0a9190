/** One line of `doctor`. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'note' | 'problem';
  readonly message: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly mend?: string;
}
