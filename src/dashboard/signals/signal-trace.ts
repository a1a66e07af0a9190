import { type LaneScale, laneScales } from './lane-scale.js';
import { COLUMNS, COLUMNS_PER_S, type PlottedColumn, type SignalSeries } from './signal-series.js';

/**
 * `<signal-trace>`: a lane for each channel of a stream, a column of pixels for each of the daemon's bins. Drawn as pixels, all of it each time: at
 * 64 channels that is a tenth of the work of as many lines.
 */
export class SignalTrace extends HTMLElement {
  readonly #canvas = document.createElement('canvas');
  readonly #context = this.#canvas.getContext('2d')!;
  #series: SignalSeries | null = null;
  #lane_px = 0;
  #image: ImageData | null = null;
  #scales: readonly LaneScale[] = [];

  connectedCallback(): void {
    this.append(this.#canvas);
  }

  show(series: SignalSeries, lane_px: number): void {
    this.#series = series;
    this.#lane_px = lane_px;
    this.#canvas.width = COLUMNS;
    this.#canvas.height = Math.max(1, series.channels * lane_px);
    this.#canvas.style.setProperty('height', `${this.#canvas.height}px`);
    this.#image = this.#context.createImageData(this.#canvas.width, this.#canvas.height);
  }

  /** What half a lane is worth, by unit. */
  get halves(): ReadonlyMap<string, number> {
    const { channels } = this.#series?.info ?? { channels: [] };
    return new Map(this.#scales.map(({ half }, c) => [channels[c].unit, half]));
  }

  /** What is plotted of a channel, oldest first, without empty columns. */
  plotted(channel: number): PlottedColumn[] {
    const series = this.#series;
    const newest = series?.newest ?? null;
    if (!series || newest === null) return [];
    const columns: PlottedColumn[] = [];
    for (let column = newest - COLUMNS + 1; column <= newest; column++) {
      const [least, greatest] = series.at(channel, column);
      if (!Number.isNaN(least)) columns.push({ time: column / COLUMNS_PER_S, least, greatest });
    }
    return columns;
  }

  /** @param right number of the column at the right edge */
  draw(right: number): void {
    const [series, image] = [this.#series, this.#image];
    if (!series || !image) return;
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(0);
    this.#scales = laneScales(series);
    const colour = this.#colour();
    for (const [c, scale] of this.#scales.entries()) this.#drawLane(series, c, scale, right, pixels, colour);
    this.#context.putImageData(image, 0, 0);
  }

  #drawLane(
    series: SignalSeries,
    channel: number,
    { middle, half }: LaneScale,
    right: number,
    pixels: Uint32Array,
    colour: number,
  ): void {
    const lane = this.#lane_px;
    const top = channel * lane;
    const rowOf = (value: number): number =>
      top + Math.min(lane - 1, Math.max(0, Math.round(((lane - 1) / 2) * (1 - (value - middle) / half))));
    const fill = (x: number, from: number, to: number): void => {
      for (let row = from; row <= to; row++) pixels[row * COLUMNS + x] = colour;
    };
    const { joined } = series;
    let [lastX, lastFrom, lastTo] = [Number.NEGATIVE_INFINITY, 0, 0];
    for (let x = 0; x < COLUMNS; x++) {
      const [least, greatest] = series.at(channel, right - COLUMNS + 1 + x);
      if (Number.isNaN(least)) continue;
      let [from, to] = [rowOf(greatest), rowOf(least)];
      const apart = x - lastX;
      if (apart <= joined) {
        const [begin, end] = [(lastFrom + lastTo) / 2, (from + to) / 2];
        for (let i = 1; i < apart; i++) {
          const row = Math.round(begin + ((end - begin) * i) / apart);
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

  /** The text colour as the pixels' four bytes. */
  #colour(): number {
    this.#context.fillStyle = getComputedStyle(this).color;
    const [r, g, b] = [1, 3, 5].map((at) =>
      Number.parseInt(String(this.#context.fillStyle).slice(at, at + 2), 16),
    );
    return new Uint32Array(Uint8ClampedArray.of(r, g, b, 255).buffer)[0];
  }
}
customElements.define('signal-trace', SignalTrace);
