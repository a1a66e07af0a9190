import { describe, expect, it } from 'vitest';
import { Adam } from '../../../src/learn/fit/adam.js';
import { cosineRate } from '../../../src/learn/fit/optimiser.js';
import { reference } from './reference.js';

describe('Adam', () => {
  it('equals torch.optim.AdamW', () => {
    const { start, gradients, learning_rate, weight_decay, end } = reference.adam;
    const parameters = [Float32Array.from(start)];
    const adam = new Adam([5], { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay });
    for (const gradient of gradients) adam.update(parameters, [gradient], learning_rate);
    parameters[0].forEach((value, i) => {
      expect(value).toBeCloseTo(end[i], 5);
    });
  });
});

describe('cosineRate', () => {
  it('warms up, and then falls to nothing', () => {
    const rates = Array.from({ length: 101 }, (_, step) => cosineRate(step, 100, 2, 10));
    expect(rates[0]).toBeCloseTo(0.2);
    expect(rates[10]).toBe(2);
    expect(rates[55]).toBeCloseTo(1);
    expect(rates[100]).toBeCloseTo(0);
    for (let step = 10; step < 100; step++) expect(rates[step + 1]).toBeLessThan(rates[step]);
  });
});
