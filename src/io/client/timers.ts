/** What the client needs of a clock; tests give a virtual one. */
export interface Timers {
  /** Calls `action` once, `delay_s` from now. */
  after(delay_s: number, action: () => void): { cancel(): void };
}

/** The platform's timers, in browsers and Node. */
export const systemTimers: Timers = {
  after(delay_s, action) {
    const timer = setTimeout(action, delay_s * 1000);
    return { cancel: () => clearTimeout(timer) };
  },
};
