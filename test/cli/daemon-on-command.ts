import { type Clock, VirtualClock } from '../../src/core/clock.js';
import { type CliResult, runAffectd } from './run-affectd.js';

/** A daemon in this process; its clock stands still, or runs as fast as it can. */
export async function daemonOnCommand(args: readonly string[], running = false) {
  const clock = new VirtualClock();
  let ended = false;
  const daemon = await daemonOnClock(args, clock, () => {
    ended = true;
  });
  void (async () => {
    while (running && !ended) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(0.002);
    }
  })();
  return { clock, ...daemon };
}

/** A daemon in this process, on any clock. `hasEnded`: called once it has. */
export async function daemonOnClock(args: readonly string[], clock: Clock, hasEnded = (): void => {}) {
  const stop = new AbortController();
  let output = '';
  let listening: (url: string) => void = () => {};
  const url = new Promise<string>((resolve) => {
    listening = resolve;
  });
  const result: Promise<CliResult> = runAffectd([...args, '--port', '0'], {
    clock,
    signal: stop.signal,
    onOutput: (text) => {
      output = text;
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(text);
      if (found) listening(found[0]);
    },
  }).finally(hasEnded);
  const address = await Promise.race([url, result.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  return {
    url: address,
    output: () => output,
    stop: (reason: 'SIGTERM' | 'SIGINT' = 'SIGTERM') => {
      stop.abort(reason);
      return result;
    },
  };
}
