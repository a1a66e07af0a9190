import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { type DigestedTable, differences } from './golden-digest.js';
import { type GoldenTables, readGolden, thisMachine, writeGolden } from './golden-file.js';
import { goldenOutputs, goldenPipelines } from './golden-outputs.js';
import { GoldenRecordings, isHere, recordingsFor } from './golden-recordings.js';

const MEND = 'if that is meant, run node scripts/make-golden.mjs and say why in the commit';
/** Affect is told to six decimals. */
const AFFECT_STEP = 1e-6;

const recordings = new GoldenRecordings(temporaryFolder());
const golden = readGolden();
const isWriting = process.env.AFFECTD_GOLDEN === 'write';
const strict = golden.made_on === thisMachine;
const made: Record<string, Record<string, GoldenTables>> = {};
const played: Record<string, string> = {};

describe.each(goldenPipelines())('%s gives what it gave', (pipeline) => {
  for (const name of recordingsFor(pipeline)) {
    const isAway = !isHere(name);
    it.skipIf(isAway)(`for the ${name}${isAway ? ' (shared/recordings)' : ''}`, async () => {
      const recording = recordings.get(name);
      const tables = await goldenOutputs(pipeline, recording);
      const digests = [...tables].map(([table, { digest }]) => [table, digest]);
      made[pipeline] = { ...made[pipeline], [name]: Object.fromEntries(digests) };
      played[name] = recording.sha256;
      if (isWriting) return;
      const lines = told(golden.pipelines[pipeline]?.[name] ?? {}, tables);
      if (lines.length === 0) return;
      if (golden.recordings[name] !== recording.sha256) lines.unshift('the recording itself is another');
      throw new Error([`${pipeline}, ${name}; ${MEND}`, ...lines].join('\n  '));
    });
  }
});

function told(kept: GoldenTables, tables: ReadonlyMap<string, DigestedTable>): string[] {
  const gone = Object.keys(kept).filter((table) => !tables.has(table));
  const differing = [...tables].flatMap(([name, table]) => {
    if (!kept[name]) return [`${name}: new`];
    const step = name === 'replay affect' ? AFFECT_STEP : 0;
    return differences(kept[name], table, { strict, step }).map((line) => `${name}: ${line}`);
  });
  return [...gone.map((table) => `${table}: gone`), ...differing];
}

it.skipIf(isWriting)('the golden bytes are those of every shipped pipeline', () => {
  const wanted = Object.fromEntries(goldenPipelines().map((file) => [file, recordingsFor(file)]));
  const kept = Object.entries(golden.pipelines).map(([file, of]) => [file, Object.keys(of)]);
  expect(Object.fromEntries(kept), MEND).toEqual(wanted);
});

afterAll(() => {
  if (!isWriting) return;
  // What can't be run here stays as it was.
  const kept = <T>(
    names: readonly string[],
    was: Readonly<Record<string, T>>,
    is: Readonly<Record<string, T>>,
  ) => {
    const both = { ...was, ...is };
    return Object.fromEntries(
      names.flatMap((name) => (both[name] === undefined ? [] : [[name, both[name]]])),
    );
  };
  const files = goldenPipelines();
  const pipelines = files.map((file) => [
    file,
    kept(recordingsFor(file), golden.pipelines[file] ?? {}, made[file] ?? {}),
  ]);
  writeGolden({
    made_on: thisMachine,
    recordings: kept([...new Set(files.flatMap(recordingsFor))], golden.recordings, played),
    pipelines: Object.fromEntries(pipelines),
  });
});
