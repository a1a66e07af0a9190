/** Missing rates of Hi-MoE, Table 3 (missing rates, all modalities): 0 to 0.40 in steps of 0.05. */
export const missingRates: readonly number[] = Array.from({ length: 9 }, (_, i) => (5 * i) / 100);
