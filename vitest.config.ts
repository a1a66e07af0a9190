import { defineConfig } from 'vitest/config';

/** Files that change their process for good, or measure it: each has one to itself. */
const alone = [
  // liblsl, once loaded, keeps the configuration that it found.
  'test/io/lsl/native-backend.test.ts',
  'test/io/lsl/recovery.test.ts',
  // What stays in memory is counted.
  'test/io/lsl/hostile-load.test.ts',
  // Packages are replaced.
  'test/model/engines/tfjs-node.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: 'test/setup/each-run.ts',
    setupFiles: 'test/setup/each-file.ts',
    pool: 'forks',
    // One core of two would do it alone.
    maxWorkers: '100%',
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: 'node_modules/.vitest/results.json' }]]
      : ['default'],
    projects: [
      {
        extends: true,
        // Most files are small: a process and its modules for each were half the time.
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: alone, isolate: false },
      },
      { extends: true, test: { name: 'alone', include: alone, sequence: { groupOrder: 1 } } },
    ],
  },
});
