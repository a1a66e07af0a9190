import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { OutputMessage } from '../../../src/io/sinks/sink.js';
import type { Pipeline, SinkNode } from '../../../src/pipeline/file/pipeline.js';
import { RunningSinks } from '../../../src/pipeline/run/running-sinks.js';

/** A pipeline of these sinks alone, each at node `n`. */
function named(...names: string[]): Pipeline {
  const sinks = names.map((name): [string, SinkNode] => [
    name,
    { name, type: name === 'broken' ? 'broken' : 'noting', params: {}, inputs: ['n'] } as unknown as SinkNode,
  ]);
  return { sinks: new Map(sinks) } as unknown as Pipeline;
}

function start() {
  const outputs = new Subject<OutputMessage>();
  const ended = new Subject<string>();
  const seen: string[] = [];
  const sinks = new RunningSinks(
    outputs,
    new Map([
      [
        'noting',
        ({ name }: SinkNode) => {
          seen.push(`${name} made`);
          return {
            publish: () => seen.push(`${name} heard`),
            ended: (session: string) => seen.push(`${name} told that ${session} ended`),
            close: async () => void seen.push(`${name} closed`),
          };
        },
      ],
      [
        'broken',
        () => {
          throw new ConfigurationError('port-taken', 'its socket is taken');
        },
      ],
    ]),
    () => {},
    ended,
  );
  const say = (): void => outputs.next({ stream: 'features', node: 'n', session: 's' } as OutputMessage);
  return { sinks, say, ended, take: () => seen.splice(0) };
}

describe('sinks of a pipeline that changes', () => {
  it('open with it, go on if they stay, and close if they are gone', async () => {
    const { sinks, say, ended, take } = start();
    sinks.prepare(named('a', 'b')).goOver();
    say();
    expect(take()).toEqual(['a made', 'b made', 'a heard', 'b heard']);
    sinks.prepare(named('b', 'c')).goOver();
    say();
    ended.next('s');
    expect(take()).toEqual([
      ...['c made', 'a closed', 'b heard', 'c heard'],
      ...['b told that s ended', 'c told that s ended'],
    ]);
    await sinks.close();
    say();
    expect(take()).toEqual(['b closed', 'c closed']);
  });

  it('are put back where one can’t be made: those made before it close, and nothing reached them', () => {
    const { sinks, say, take } = start();
    sinks.prepare(named('a')).goOver();
    take();
    expect(() => sinks.prepare(named('b', 'broken', 'c'))).toThrow('its socket is taken');
    say();
    expect(take()).toEqual(['b made', 'b closed', 'a heard']);
  });

  it('are put back where something else can’t be made ready after they were', () => {
    const { sinks, say, take } = start();
    sinks.prepare(named('a')).goOver();
    take();
    sinks.prepare(named('a', 'b')).putBack();
    say();
    expect(take()).toEqual(['b made', 'b closed', 'a heard']);
  });
});
