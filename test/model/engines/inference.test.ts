import { describe, expect, it } from 'vitest';
import type { ModelRunner } from '../../../src/core/model.js';
import { lineSchemas } from '../../../src/io/protocol/output.js';
import { createInference } from '../../../src/model/engines/inference.js';
import { createOnnxEngine } from '../../../src/model/engines/onnx.js';
import { readModel } from '../../../src/model/manifest.js';
import { askModel, type FrameOutput, predictionOf } from '../../../src/pipeline/session/predict.js';
import { fullFrame, inputs, writeSmallModel } from './small-model.js';

async function served(...[own, skill]: Parameters<typeof writeSmallModel>) {
  const inference = await createInference(
    await readModel(await writeSmallModel(own, skill)),
    await createOnnxEngine(),
  );
  const frame = fullFrame();
  const runner: ModelRunner = {
    name: 'small',
    id: 'small@sha256:0',
    type: 'hi-moe',
    worth: { evidence: 'none', broken: null, reason: null, scope: null },
    engine: 'onnx',
    inputs: new Map(inputs.map((input) => [input.name, input])),
    fuses: true,
    validity: { min_present: 1, required: [] },
    predict: (frames, explain) => inference.predict(frames, explain),
    close: () => inference.dispose(),
  };
  const status = { present: true, coverage: 1, reason: null };
  const closed: FrameOutput = {
    kind: 'frame',
    model: 'affect',
    seq: 0,
    time: 4,
    window: [0, 4],
    frame,
    modalities: new Map(inputs.map(({ name }) => [name, status])),
    simulated: false,
    streams: [],
  };
  const [answer] = await askModel([closed], runner, true);
  const { prediction } = predictionOf(closed, runner, { session: 's', pipeline: 'sha256:p' }, answer);
  const [output] = await inference.predict([frame]);
  const [first, ...others] = frame;
  const [withoutFirst] = await inference.predict([[{ ...first, present: false }, ...others]]);
  await runner.close();
  return { output, withoutFirst, prediction };
}

describe('a served model', () => {
  it('that tells High from Low gives the probability of High, and values that are twice that, less 1', async () => {
    const [values, sides] = [await served({}), await served({ binary_heads: true })];
    expect(values.prediction.high).toBeUndefined();
    // Both have the same weights: what is a value of the one is the other's logit.
    for (const dimension of ['valence', 'arousal'] as const) {
      const logit = values.output[dimension]!;
      const { high, [dimension]: value } = sides.prediction;
      expect(high![dimension]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
      expect(value).toBeCloseTo(2 * high![dimension] - 1, 5);
    }
    lineSchemas.affect.parse(sides.prediction);
  });

  it('abstains from what its sensors were not shown to tell, and has no say where that is everything', async () => {
    const both = { 'eeg+eye+eda': ['valence', 'arousal'] };
    expect((await served({}, both)).prediction).not.toHaveProperty('abstained');
    const { prediction, output } = await served({}, { 'eeg+eye+eda': ['arousal'], eeg: ['valence'] });
    expect(output.valence).not.toBeNull();
    expect(prediction).toMatchObject({ valence: null, abstained: { valence: 'no-skill' }, valid: true });
    expect(prediction.interval).toMatchObject({
      valence: null,
      arousal: [expect.any(Number), expect.any(Number)],
    });
    expect(prediction.arousal).not.toBeNull();
    expect(Object.keys(prediction.contribution!.eeg)).toEqual(['arousal']);
    // Nobody was measured with these sensors together.
    const unknown = await served({ classes: ['rest', 'task'] }, { eeg: ['valence', 'classes'] });
    expect(unknown.prediction).toMatchObject({
      valence: null,
      arousal: null,
      interval: null,
      valid: false,
      reason: 'no-skill',
      abstained: { valence: 'no-skill', arousal: 'no-skill', classes: 'no-skill' },
    });
    expect(unknown.prediction).not.toHaveProperty('classes');
    for (const told of [prediction, unknown.prediction]) lineSchemas.affect.strict().parse(told);
  });

  it('that tells classes says what each modality adds to the probability of each', async () => {
    // A class may be called as a dimension is.
    const classes = ['rest', 'task', 'valence'];
    const { output, withoutFirst, prediction } = await served({ classes });
    expect(Object.keys(prediction.contribution!)).toEqual(inputs.map(({ name }) => name));
    for (const [modality, changes] of Object.entries(prediction.contribution!)) {
      expect(Object.keys(changes)).toEqual(['valence', 'arousal', ...classes.map((own) => `classes.${own}`)]);
      const sum = classes.reduce((total, own) => total + changes[`classes.${own}`], 0);
      expect(sum, modality).toBeCloseTo(0, 5);
    }
    for (const own of classes)
      expect(prediction.contribution!.eeg[`classes.${own}`]).toBeCloseTo(
        output.classes![own] - withoutFirst.classes![own],
        5,
      );
    lineSchemas.affect.strict().parse(prediction);
  });
});
