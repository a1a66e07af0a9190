import { z } from 'zod';
import { Random } from '../../core/random.js';
import { drawFace } from '../../simulation/face-image.js';
import type { Dataset, DatasetDefinition, DatasetRecording, ImageTrial } from './dataset.js';
import { faceRecording } from './images/face-recording.js';

const count = z.int().positive();

const settings = z.strictObject({
  name: z.string().min(1).default('simulated faces').describe('For reports.'),
  seed: z.string().min(1).describe('Everything is drawn from it.'),
  images: z
    .strictObject({ training: count, validation: count })
    .describe('How many images each list has. All are kept once they are drawn: 27 kB each of 96 x 96.'),
  size: z.int().min(8).default(96).describe('Rows and columns.'),
  rater_sd: z
    .number()
    .min(0)
    .default(0.1)
    .describe('SD by which a rating differs from what the face shows, on -1..1.'),
});
export type SimulatedFacesSettings = z.infer<typeof settings>;

/** Cartoons of faces that show a known valence and arousal, in two lists as AffectNet has them. */
export const simulatedFaces: DatasetDefinition<SimulatedFacesSettings> = {
  kind: 'simulated-faces',
  summary: 'Cartoons of faces whose mouths, eyes and brows show a known valence and arousal.',
  source: 'Drawn by src/simulation/face-image.ts',
  settings,
  async open(own) {
    return new SimulatedFaces(own);
  },
};

class SimulatedFaces implements Dataset {
  readonly name: string;
  readonly dimensions = ['valence', 'arousal'] as const;
  readonly classes = null;
  readonly hasImages = true;
  readonly simulated = true;
  readonly people: readonly string[];

  constructor(private readonly settings: SimulatedFacesSettings) {
    this.name = settings.name;
    this.people = Object.keys(settings.images);
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const { images, size } = this.settings;
    const length = images[person as keyof typeof images];
    const faces = Array.from({ length }, (_, position) => this.#image(person, position));
    yield faceRecording(person, size, faces);
  }

  #image(list: string, position: number): ImageTrial {
    const { seed, size, rater_sd } = this.settings;
    const random = new Random(seed, `${list}/${position}`);
    const shown = { valence: random.between(-1, 1), arousal: random.between(-1, 1) };
    const rated = (value: number): number => Math.max(-1, Math.min(1, value + rater_sd * random.gaussian()));
    const targets = { valence: rated(shown.valence), arousal: rated(shown.arousal) };
    let drawn: Uint8Array | null = null;
    return {
      trial: `${list}-${position + 1}`,
      stimulus: null,
      position,
      label: { targets, class: null },
      read: async () => {
        drawn ??= drawFace(shown, size, new Random(seed, `${list}/${position}/face`));
        return drawn;
      },
    };
  }
}
