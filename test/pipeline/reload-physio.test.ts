import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findPipeline } from '../../src/pipeline/file/shipped-pipelines.js';
import { changedNodes } from '../../src/pipeline/session/kept-nodes.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { eventfulSession } from './eventful-session.js';
import { type Arrival, liveAndReplay, pipelineOf } from './live-and-replay.js';

const folder = temporaryFolder();
const text = readFileSync(findPipeline('physio'), 'utf8');
const before = pipelineOf(text);
const after = pipelineOf(
  text
    .replace('ecg_live: { type: mask, input: ecg }', 'ecg_live: { type: mask, input: ecg, rail_s: 0.2 }')
    .replace('features: [respiration], window_s: 4', 'features: [respiration], window_s: 5'),
);
const touched = changedNodes(before, after);
const RELOAD_S = 100;

/** Everything comes 20 ms after its last sample. */
function happenings(): Arrival[] {
  let at = 0;
  return eventfulSession({ profile: 'epoc', duration_s: 110 }).map((message) => {
    if (message.kind === 'chunk') at = Math.max(at, message.chunk.times.at(-1)! + 0.02);
    return { at, message };
  });
}

/** What nodes give that both pipelines have, and when windows close; or what the others give from a time on. */
const untouched = (lines: readonly string[]) =>
  lines.filter((line) => !touched.includes(JSON.parse(line)[0]));
const changed = (lines: readonly string[], isIn: (time: number) => boolean) =>
  lines.filter((line) => {
    const [node, time] = JSON.parse(line);
    return touched.includes(node) && isIn(time);
  });

it('physio, two of whose nodes change at 100 s of a live session: all else goes on to the bit, and its replay gives that again', async () => {
  expect(touched).toEqual(['ecg_live', 'heart_ecg', 'breath']);
  const sent = happenings();
  const run = (name: string, options: Parameters<typeof liveAndReplay>[3]) => {
    mkdirSync(join(folder, name));
    return liveAndReplay(join(folder, name), before, sent, options);
  };
  const whole = await run('whole', {});
  expect(whole.replayed).toEqual(whole.live);
  const reload = [RELOAD_S, after] as const;
  const [old, next] = [await run('old', { reload }), await run('next', { reload, replayedThrough: after })];
  expect(untouched(whole.live).length).toBeGreaterThan(900);
  for (const { live, replayed } of [old, next]) {
    expect(untouched(live)).toEqual(untouched(whole.live));
    expect(untouched(replayed)).toEqual(untouched(whole.live));
  }
  // Live, changed nodes are the old ones, then new ones that begin anew; each replay has had its own from the beginning.
  const [early, late] = [(time: number) => time <= RELOAD_S - 2, (time: number) => time > RELOAD_S];
  expect(changed(old.live, early)).toEqual(changed(whole.live, early));
  expect(changed(old.live, late).length).toBeGreaterThan(10);
  for (const { live, replayed } of [old, next])
    expect(changed(replayed, late)).not.toEqual(changed(live, late));
  expect(changed(old.replayed, early)).toEqual(changed(whole.live, early));
});
