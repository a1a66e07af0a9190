import type { ScreenGeometry } from '../../core/signal.js';

/** A stream as a device, file or client declares it; '' where it says nothing. */
export interface RawStreamDeclaration {
  /** Unique within its session. */
  readonly id: string;
  readonly name: string;
  /** Declared type; '' where the format has none (EDF): the channels' labels then decide. */
  readonly type: string;
  readonly sourceId: string;
  /** Nominal rate, Hz; 0 = irregular. */
  readonly sfreq: number;
  readonly channels: readonly RawChannel[];
  /** Who sends, where the sender names itself. */
  readonly client?: string;
  /** The machine that sends, where the door tells it. */
  readonly hostname?: string;
  /** Values are text: the stream carries markers, whatever its type. */
  readonly text?: boolean;
  /** The device, where the file's format or its reader knows it. */
  readonly dialect?: string;
  /** A simulator made it. */
  readonly simulated?: boolean;
  /** Told of gaze only. */
  readonly screen?: ScreenGeometry;
}

export interface RawChannel {
  readonly label: string;
  readonly unit: string;
  readonly type: string;
}
