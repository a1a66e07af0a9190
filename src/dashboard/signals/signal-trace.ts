import { LaneImage } from './lane-image.js';
import { COLUMNS, COLUMNS_PER_S, type PlottedColumn, type SignalSeries } from './signal-series.js';

/** `<signal-trace>`: the last minute of a stream, as a {@link LaneImage}. */
export class SignalTrace extends HTMLElement {
  readonly #canvas = document.createElement('canvas');
  readonly #context = this.#canvas.getContext('2d')!;
  #lanes: LaneImage | null = null;

  connectedCallback(): void {
    this.append(this.#canvas);
  }

  show(series: SignalSeries, lane_px: number): void {
    this.#lanes = new LaneImage(series, lane_px);
    this.#canvas.width = this.#lanes.width;
    this.#canvas.height = this.#lanes.height;
    this.#canvas.style.setProperty('height', `${this.#canvas.height}px`);
  }

  /** What half a lane is worth, by unit. */
  get halves(): ReadonlyMap<string, number> {
    const lanes = this.#lanes;
    return new Map(lanes?.scales.map(({ half }, c) => [lanes.series.info.channels[c].unit, half]));
  }

  /** What is plotted of a channel, oldest first, without empty columns. */
  plotted(channel: number): PlottedColumn[] {
    const series = this.#lanes?.series;
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
    const lanes = this.#lanes;
    if (!lanes) return;
    lanes.draw(right, this.#colour());
    const bytes = new Uint8ClampedArray(lanes.pixels.buffer);
    this.#context.putImageData(new ImageData(bytes, lanes.width, lanes.height), 0, 0);
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
