import { join } from 'node:path';
import { digestOf } from '../../core/digest.js';
import type { ModalityInput, ModelFrame } from '../../core/model.js';
import { openRecording } from '../../io/recordings/open.js';
import { BrokenLink, type LinkedFiles } from '../../model/evidence/judge.js';
import { EVIDENCE_TOLERANCE, type Manifest } from '../../model/manifest.js';
import type { ModelNode, Pipeline } from '../file/pipeline.js';
import { servedRecipe } from '../file/served-recipe.js';
import { Gate } from './gate.js';
import { readThrough } from './read-through.js';
import { runHosted } from './run-hosted.js';
import { InlineHost } from './session-host.js';
import { takeThrough } from './take-through.js';

/** The frame that a pipeline makes of a recording's last window; null where there is none. */
export async function lastFrame(
  path: string,
  pipeline: Pipeline,
  node: ModelNode,
  inputs: ReadonlyMap<string, ModalityInput>,
): Promise<ModelFrame | null> {
  const host = new InlineHost(
    {
      session: 'probe',
      pipeline,
      models: new Map([[node.name, inputs]]),
      ordered: true,
      monitor: false,
      features: false,
    },
    null,
  );
  const recording = await openRecording(path);
  const [gate, events] = [new Gate(), () => {}];
  let last: ModelFrame | null = null;
  try {
    const messages = recording.messages({ chunk: null, clockSync: true, events });
    const outputs$ = readThrough(gate, messages).pipe(runHosted({ host, gate, events }));
    for await (const output of takeThrough(gate, outputs$))
      if (output.kind === 'frame' && output.model === node.name) last = output.frame;
  } finally {
    await recording.close();
  }
  return last;
}

/**
 * Checks that a pipeline serves a model as its evidence has it: the recipe's transforms and selectors, and, whatever the
 * digests say, code that makes of the raw probe the frame that it made when the model was written. Throws
 * {@link BrokenLink}.
 */
export async function checkServed(
  pipeline: Pipeline,
  node: ModelNode,
  manifest: Manifest,
  directory: string,
  { recipe }: LinkedFiles,
): Promise<void> {
  if (recipe.recipe.served === null) throw new BrokenLink('recipe', 'no pipeline was evaluated');
  if (digestOf(recipe.recipe.served) !== digestOf(servedRecipe(pipeline, node)))
    throw new BrokenLink('recipe', `${pipeline.file} is not the pipeline that was evaluated`);
  const { probe } = manifest.links!;
  if (probe === null) throw new BrokenLink('probe', 'there is no raw probe');
  const inputs = new Map(manifest.inputs.map((input) => [input.name, input]));
  const frame = await lastFrame(join(directory, probe.file), pipeline, node, inputs);
  const difference =
    frame === null ? Number.POSITIVE_INFINITY : largestDifference(frame, manifest.probe.frame);
  if (!(difference <= EVIDENCE_TOLERANCE))
    throw new BrokenLink(
      'probe',
      `the program makes another frame of the raw probe (${difference.toExponential(1)} apart)`,
    );
}

function largestDifference(frame: ModelFrame, expected: Manifest['probe']['frame']): number {
  if (frame.length !== expected.length) return Number.POSITIVE_INFINITY;
  return frame.reduce((most, { values, mask }, m) => {
    const { values: others, mask: otherMask } = expected[m];
    if (values.length !== others.length || mask.some((there, i) => there !== otherMask[i]))
      return Number.POSITIVE_INFINITY;
    // Features have units of their own: apart relative to their size.
    return values.reduce(
      (found, value, i) => Math.max(found, Math.abs(value - others[i]) / Math.max(1, Math.abs(others[i]))),
      most,
    );
  }, 0);
}
