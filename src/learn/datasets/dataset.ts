import type { z } from 'zod';
import type { Seconds } from '../../core/clock.js';
import type { FeatureDescriptor } from '../../core/features.js';
import { affectDimensions } from '../../core/prediction.js';
import type { StreamMessage } from '../../core/signal.js';

/** Dimensions that data sets rate, native scale -1..1. */
export const ratedDimensions = affectDimensions;
export type RatedDimension = (typeof ratedDimensions)[number];

/** What somebody said, or is taken, to have felt. Dimensions and class that a data set lacks are left out. */
export interface Label {
  /** Native scale -1..1. */
  readonly targets: Readonly<Partial<Record<RatedDimension, number>>>;
  /** Index into {@link Dataset.classes}; null where there are none. */
  readonly class: number | null;
}

/** Features that a data set was released with, window by window. */
export interface FeatureWindows {
  /** Length of a window and the time from one to the next, s. */
  readonly window_s: Seconds;
  readonly hop_s: Seconds;
  /** Windows. */
  readonly count: number;
  /** By modality. */
  readonly modalities: ReadonlyMap<
    string,
    {
      readonly features: readonly FeatureDescriptor[];
      /** [count, features], row-major; NaN = missing. */
      readonly values: Float32Array;
    }
  >;
  /** One a window, where labels change within the trial; null: the trial's holds for all. */
  readonly labels: readonly Label[] | null;
}

/** One trial: a person watches a clip, does a task, or rests. */
export interface Trial {
  /** Unique within the person. */
  readonly trial: string;
  /** The clip or task, the same name for everybody who had it; null where there is none. */
  readonly stimulus: string | null;
  /** Place of the trial in its session, from 0: for splits by the first clips. */
  readonly position: number;
  /** Place of its file in the session, from 0, where a recording joins several; default: that of the recording. */
  readonly file?: number;
  /** Holds for the whole trial; null where the messages carry an `Annotation` stream (valence, arousal) instead. */
  readonly label: Label | null;
}

/** An image that was rated, decoded when it is asked for. */
export interface ImageTrial extends Trial {
  readonly label: Label;
  /** [H, W, C], row by row, 0..255. Throws `InputError` that names the file where it can't be decoded. */
  read(): Promise<Uint8Array>;
}

/** A trial within a recording of signals, on the messages' own clock; only windows wholly inside count. */
export interface TimedTrial extends Trial {
  readonly start: Seconds;
  readonly end: Seconds;
}

/**
 * What is gone through in one piece: a whole session with several trials in it, or one trial where a data set was
 * released cut up. Nothing (no filter, no running baseline) carries over from one to the next.
 */
export type DatasetRecording = {
  readonly person: string;
  /** Recording session of this person; its trials share a day and an electrode cap. */
  readonly session: string;
} & (
  | {
      /** Signals, which go through a pipeline as a live session's do. */
      readonly kind: 'signals';
      /** In order of time. May be iterated more than once; each time it starts again. */
      readonly messages: Iterable<StreamMessage>;
      /** Whether messages come as they came live; default: in order of their stamps. */
      readonly inArrivalOrder?: boolean;
      /** In order of time. What lies outside warms filters up and feeds `subtract-baseline`. */
      readonly trials: readonly TimedTrial[];
    }
  | {
      /** Features as released: one trial's windows. */
      readonly kind: 'features';
      readonly trial: Trial;
      readonly windows: FeatureWindows;
    }
  | {
      /** Images, each a trial. */
      readonly kind: 'images';
      readonly modality: string;
      readonly shape: {
        readonly channels: readonly string[];
        /** Rows and columns. */
        readonly height: number;
        readonly width: number;
      };
      readonly images: readonly ImageTrial[];
    }
);

/** A data set as an importer opens it. Nothing large is read before {@link recordings} is iterated. */
export interface Dataset {
  /** For reports. */
  readonly name: string;
  readonly dimensions: readonly RatedDimension[];
  /** Names of the classes in order, or null. */
  readonly classes: readonly string[] | null;
  /** In a fixed order. */
  readonly people: readonly string[];
  /** Whether all recordings are of images, which are decoded when they are asked for and never kept; default: no. */
  readonly hasImages?: boolean;
  /** Whether a simulator made the features or images; of signals, streams tell it. Default: no. */
  readonly simulated?: boolean;
  /** What a person should know of this copy, one line each: whom it lacks, what of it isn't used. */
  readonly notes?: readonly string[];
  /**
   * The recordings of one person, one at a time, so that a data set larger than memory can be gone through.
   * Throws `InputError` with the file's name where one is missing, cut short or of another layout.
   */
  recordings(person: string): AsyncIterable<DatasetRecording>;
}

/** Whom a data set is of, as far as it says. */
export interface Population {
  readonly ages: string | null;
  readonly task: string;
  readonly place: string | null;
}

/** A kind of data set; a file of this folder. */
export interface DatasetDefinition<Settings> {
  /** The `kind` in a training configuration; equal to the file's name. */
  readonly kind: string;
  readonly summary: string;
  /** Where the data set comes from, its paper, and under what terms it is given out. */
  readonly source: string;
  /** For a model's card; left out where nobody in particular is meant. */
  readonly population?: Population;
  /** `path` and whatever else an importer can be told. */
  readonly settings: z.ZodType<Settings>;
  /**
   * Checks that the folder holds what it should, without reading it all.
   * @param directory what a relative path in the settings is relative to
   */
  open(settings: Settings, directory: string): Promise<Dataset>;
}
