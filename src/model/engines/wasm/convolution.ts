import { type Convolution, convolvedLength } from '../../networks/graph.js';
import type { Tape, Value } from './tape.js';
import type { Workspace } from './workspace.js';

const FLOAT_BYTES = 4;

/**
 * One row of the batch [C, n], padded with zeros and with the samples of each phase of the stride next to each other
 * [C, stride, samples]: what a tap meets is then a run of samples, and no matrix of all taps need be written down.
 */
class PhaseLayout {
  readonly samples: number;
  readonly size: number;

  constructor(
    private readonly workspace: Workspace,
    private readonly o: Convolution,
  ) {
    this.samples = Math.ceil((o.length + o.padding[0] + o.padding[1]) / o.stride);
    this.size = o.channels * o.stride * this.samples;
  }

  /** Floats from the beginning to where `tap`'s run begins. */
  start(channel: number, tap: number): number {
    const { stride } = this.o;
    return (channel * stride + (tap % stride)) * this.samples + Math.floor(tap / stride);
  }

  /** Lays x out; the zeros around it must be there. */
  split(x: number, laidOut: number): void {
    const { channels, length, stride, padding } = this.o;
    const { kernels, floats } = this.workspace;
    const at = (sample: number): number => laidOut + this.start(0, sample + padding[0]) * FLOAT_BYTES;
    const line = length * FLOAT_BYTES;
    const part = stride * this.samples * FLOAT_BYTES;
    if (stride === 1) kernels.copyRows(x, at(0), channels, length, line, part);
    else if (stride === 2 && length % 2 === 0)
      kernels.deinterleave(x, at(0), at(1), channels, length / 2, line, part);
    else
      for (let c = 0, from = x / FLOAT_BYTES; c < channels; c++)
        for (let i = 0; i < length; i++, from++)
          floats[laidOut / FLOAT_BYTES + this.start(c, i + padding[0])] = floats[from];
  }

  /** The inverse: x is written, or added to. */
  join(laidOut: number, x: number, adding: boolean): void {
    const { channels, length, stride, padding } = this.o;
    const { kernels, floats } = this.workspace;
    const at = (sample: number): number => laidOut + this.start(0, sample + padding[0]) * FLOAT_BYTES;
    const line = length * FLOAT_BYTES;
    const part = stride * this.samples * FLOAT_BYTES;
    if (stride === 1)
      (adding ? kernels.copyRowsAdding : kernels.copyRows)(at(0), x, channels, length, part, line);
    else if (stride === 2 && length % 2 === 0)
      (adding ? kernels.interleaveAdding : kernels.interleave)(
        x,
        at(0),
        at(1),
        channels,
        length / 2,
        line,
        part,
      );
    else
      for (let c = 0, to = x / FLOAT_BYTES; c < channels; c++)
        for (let i = 0; i < length; i++, to++) {
          const value = floats[laidOut / FLOAT_BYTES + this.start(c, i + padding[0])];
          floats[to] = adding ? floats[to] + value : value;
        }
  }
}

/** Correlation along time of x [B, C, n] with `kernel` [C_out, C, taps] or [C, 1, taps], as matrix products row by row. */
export function convolve(tape: Tape, x: Value, kernel: Value, o: Convolution): Value {
  const { workspace } = tape;
  const { product, transposedProduct, rowProduct } = workspace.kernels;
  const layout = new PhaseLayout(workspace, o);
  const outputs = convolvedLength(o);
  const batch = x.storage.size / (o.channels * o.length);
  const y = tape.value([batch, o.outputs, outputs], x.storage.trained || kernel.storage.trained);
  const laidOut = workspace.take(layout.size).address;
  const [xBytes, yBytes] = [o.channels * o.length, o.outputs * outputs].map((n) => n * FLOAT_BYTES);

  // A depthwise convolution is one of a single channel for each channel.
  const groups = o.depthwise ? o.channels : 1;
  const [inGroup, outGroup] = [o.channels / groups, o.outputs / groups];
  const terms = inGroup * o.taps;
  const runs = workspace.table(
    Array.from({ length: terms }, (_, i) => layout.start(Math.floor(i / o.taps), i % o.taps) * FLOAT_BYTES),
  );
  const filters = workspace.rows(outGroup, terms);
  const lines = workspace.rows(outGroup, outputs);
  const one = workspace.rows(1, 1);
  const group = (g: number) => ({
    laidOut: g * layout.start(inGroup, 0) * FLOAT_BYTES,
    kernel: g * outGroup * terms * FLOAT_BYTES,
    y: g * outGroup * outputs * FLOAT_BYTES,
  });

  const panel = workspace.panel(Math.max(terms, outGroup));
  const w = kernel.storage.address;
  tape.call('convolutions', () => {
    for (let row = 0; row < batch; row++) {
      layout.split(x.storage.address + row * xBytes, laidOut);
      for (let g = 0; g < groups; g++) {
        const at = group(g);
        const to = y.storage.address + row * yBytes + at.y;
        product(
          filters,
          w + at.kernel,
          runs,
          laidOut + at.laidOut,
          lines,
          to,
          outGroup,
          outputs,
          terms,
          0,
          panel,
        );
      }
    }
  });

  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    if (kernel.storage.trained) {
      const share = tape.share(kernel);
      tape.call('convolutions', () => {
        for (let row = 0; row < batch; row++) {
          layout.split(x.storage.address + row * xBytes, laidOut);
          const adding = share.adding || row > 0 ? 1 : 0;
          for (let g = 0; g < groups; g++) {
            const at = group(g);
            const [from, to] = [dy + row * yBytes + at.y, share.address + at.kernel];
            rowProduct(
              lines,
              from,
              runs,
              laidOut + at.laidOut,
              filters,
              to,
              outGroup,
              terms,
              outputs,
              adding,
            );
          }
        }
      });
    }
    if (!x.storage.trained) return;
    const { address: dx, adding } = tape.share(x);
    if (o.depthwise && o.stride === 1 && o.padding[0] < o.taps && o.padding[1] < o.taps) {
      // The filter turned round, over dy with zeros around it: each sample of dx is written once.
      const padded = outputs + 2 * (o.taps - 1);
      const front = o.taps - 1 - o.padding[0];
      const scratch = workspace.take(padded).address;
      const turned = workspace.table(
        Array.from({ length: o.taps }, (_, tap) => (o.taps - 1 - tap) * FLOAT_BYTES),
      );
      const start = scratch + front * FLOAT_BYTES;
      tape.call('convolutions', () => {
        const { floats } = workspace;
        for (let line = 0; line < batch * o.channels; line++) {
          const from = (dy + line * outputs * FLOAT_BYTES) / FLOAT_BYTES;
          floats.copyWithin(start / FLOAT_BYTES, from, from + outputs);
          const filter = w + (line % o.channels) * o.taps * FLOAT_BYTES;
          const to = dx + line * o.length * FLOAT_BYTES;
          product(one, filter, turned, scratch, one, to, 1, o.length, o.taps, adding ? 1 : 0, panel);
        }
      });
      return;
    }
    const scratch = workspace.borrow(layout.size);
    tape.call('convolutions', () => {
      for (let row = 0; row < batch; row++) {
        workspace.fill(scratch.address, layout.size, 0);
        for (let g = 0; g < groups; g++) {
          const at = group(g);
          const [from, to] = [dy + row * yBytes + at.y, scratch.address + at.laidOut];
          transposedProduct(
            terms * FLOAT_BYTES,
            w + at.kernel,
            lines,
            from,
            runs,
            to,
            terms,
            outputs,
            outGroup,
            1,
            panel,
          );
        }
        layout.join(scratch.address, dx + row * xBytes, adding);
      }
    });
    workspace.giveBack(scratch);
  });
  return y;
}
