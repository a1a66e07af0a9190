import type { Initialisation, ParameterSpec } from './definition.js';

/** Collects a model's parameters, in the order in which they are stored. */
export class ParameterList {
  readonly specs: ParameterSpec[] = [];

  add(
    name: string,
    shape: readonly number[],
    initialisation: Initialisation,
    fan_in = 1,
    max_norm: number | null = null,
  ): void {
    const limit = max_norm === null ? {} : { max_norm };
    this.specs.push({ name, shape, initialisation, fan_in, trainable: true, ...limit });
  }

  /** Not touched by the optimiser. */
  statistic(name: string, shape: readonly number[], initialisation: Initialisation, of?: string): void {
    this.specs.push({ name, shape, initialisation, fan_in: 1, trainable: false, ...(of && { of }) });
  }

  linear(name: string, inputs: number, outputs: number): void {
    this.add(`${name}.weight`, [inputs, outputs], 'fan-in', inputs);
    this.add(`${name}.bias`, [outputs], 'zeros');
  }

  batchNorm(name: string, channels: number): void {
    this.add(`${name}.scale`, [channels], 'ones');
    this.add(`${name}.shift`, [channels], 'zeros');
    this.statistic(`${name}.mean`, [channels], 'zeros');
    this.statistic(`${name}.variance`, [channels], 'ones');
  }
}
