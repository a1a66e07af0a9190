import { type LaneScale, laneScales } from './lane-scale.js';
import { COLUMNS, type SignalSeries } from './signal-series.js';

/**
 * A lane for each channel of a stream, a column of pixels for each of the daemon's bins. What was drawn moves on with time, and only what is new is
 * drawn: at 64 channels that is a twentieth of the work of drawing all of it, and that a tenth of the work of as many lines.
 */
export class LaneImage {
  readonly width = COLUMNS;
  readonly height: number;
  /** [row][column]; 0 where nothing is drawn. */
  readonly pixels: Uint32Array<ArrayBuffer>;
  #scales: readonly LaneScale[] = [];
  /** Number of the column at the right edge, and what it is drawn with; null before anything is. */
  #drawn: { readonly right: number; readonly colour: number } | null = null;

  constructor(
    readonly series: SignalSeries,
    readonly lane_px: number,
  ) {
    this.height = Math.max(1, series.channels * lane_px);
    this.pixels = new Uint32Array(this.width * this.height);
  }

  get scales(): readonly LaneScale[] {
    return this.#scales;
  }

  /** @param right number of the column at the right edge. @param colour four bytes as a pixel has them */
  draw(right: number, colour: number): void {
    const scales = laneScales(this.series);
    const begin = this.#beginOf(right, colour, scales);
    for (let row = 0; row < this.height; row++)
      this.pixels.fill(0, row * COLUMNS + begin, (row + 1) * COLUMNS);
    for (const [c, scale] of scales.entries()) this.#drawLane(c, scale, begin, right, colour);
    this.#scales = scales;
    this.#drawn = { right, colour };
  }

  /** Moves what stays as it is to its place; gives the first column that is to be drawn, from the left edge. */
  #beginOf(right: number, colour: number, scales: readonly LaneScale[]): number {
    const changed = this.series.takeChanged();
    const drawn = this.#drawn;
    if (!drawn || drawn.colour !== colour || !scales.every((scale, c) => isSame(scale, this.#scales[c])))
      return 0;
    const moved = right - drawn.right;
    if (moved < 0 || moved >= COLUMNS) return 0;
    // What runs over from the next row is drawn over.
    this.pixels.copyWithin(0, moved);
    const place = changed - (right - COLUMNS + 1);
    // A line may begin so far before what changed.
    return Math.max(0, Math.min(COLUMNS - moved, place) - this.series.joined);
  }

  #drawLane(
    channel: number,
    { middle, half }: LaneScale,
    begin: number,
    right: number,
    colour: number,
  ): void {
    const [lane, { pixels, series }] = [this.lane_px, this];
    const top = channel * lane;
    const rowOf = (value: number): number =>
      top + Math.min(lane - 1, Math.max(0, Math.round(((lane - 1) / 2) * (1 - (value - middle) / half))));
    const fill = (x: number, from: number, to: number): void => {
      if (x < begin) return;
      for (let row = from; row <= to; row++) pixels[row * COLUMNS + x] = colour;
    };
    const { joined } = series;
    let [lastX, lastFrom, lastTo] = [Number.NEGATIVE_INFINITY, 0, 0];
    for (let x = Math.max(0, begin - joined); x < COLUMNS; x++) {
      const [least, greatest] = series.at(channel, right - COLUMNS + 1 + x);
      if (Number.isNaN(least)) continue;
      let [from, to] = [rowOf(greatest), rowOf(least)];
      const apart = x - lastX;
      if (apart <= joined) {
        const [start, end] = [(lastFrom + lastTo) / 2, (from + to) / 2];
        for (let i = 1; i < apart; i++) {
          const row = Math.round(start + ((end - start) * i) / apart);
          fill(lastX + i, row, row);
        }
        // Neighbours touch, as the signal between them did.
        if (apart === 1) {
          from = Math.min(from, lastTo + 1);
          to = Math.max(to, lastFrom - 1);
        }
      }
      fill(x, from, to);
      [lastX, lastFrom, lastTo] = [x, rowOf(greatest), rowOf(least)];
    }
  }
}

const isSame = (a: LaneScale, b: LaneScale | undefined): boolean =>
  b !== undefined && a.middle === b.middle && a.half === b.half;
