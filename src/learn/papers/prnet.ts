import { columnsOf, type Paper, rowsOf } from './paper.js';

const classes = (group: string | null = null) =>
  columnsOf('class', ['accuracy', 'macro_f1'], { group, percent: true });
const images = [
  ...columnsOf('arousal', ['rmse', 'ccc', 'pcc'], { group: 'A' }),
  ...columnsOf('valence', ['rmse', 'ccc', 'pcc'], { group: 'V' }),
];
/** Both as in Table VI. */
const BASELINE = '0.365 0.405 0.488 0.430 0.527 0.577';
const PROPOSED = '0.350 0.461 0.529 0.409 0.567 0.605';

/** What PRNet's paper prints. */
export const prnet: Paper = {
  name: 'PRNet',
  authors: 'G. Zoumpourlis, I. Patras',
  title: 'Pairwise Ranking Network for Affect Recognition',
  where: 'Venue and year are not in its text; its latest references are of 2021.',
  protocol: [
    "DEAP: EEG of 32 people, 40 clips of 60 s; low or high arousal and valence, at 5.0. Subject-dependent, 10 folds of 4 trials. PSD by Welch's method and its asymmetry, windows of 2 s; theta 4-8, alpha 8-12, slow alpha 8-10, beta 12-30, gamma 30-45 Hz; Fisher's discriminant keeps 100 features, which then get zero mean and unit variance by the training part.",
    'SEED: EEG of 15 people, 15 clips; three classes. Subject-dependent, split as in Zheng and Lu 2015. Released differential entropy, windows of 1 s.',
    'AffectNet: face images of 96 x 96, pixels / 255; 280K train, 4K of the validation set test; arousal and valence in -1..1.',
    'Accuracy and F1 in per cent; RMSE, CCC, PCC. No deviation is printed.',
  ],
  sections: [],
  equations: [
    { number: '1', name: 'classification loss', says: 'Cross-entropy of the classes.' },
    { number: '2', name: 'regression loss', says: 'Mean squared error over the targets.' },
    { number: '3', name: 'ranking loss', says: 'Cross-entropy of the three relations of a pair.' },
  ],
  tables: [
    {
      number: 'I',
      name: 'relations of ratings',
      says: 'y1 > y2 + eps: x1 above x2. |y1 - y2| <= eps: similar. y1 < y2 - eps: below.',
      columns: [],
      rows: [],
    },
    { number: 'II', name: 'data sets', says: 'Data and tasks.', columns: [], rows: [] },
    {
      number: 'III',
      name: 'relations of classes',
      says: "SEED's classes in order: negative < neutral < positive; the same class is similar.",
      columns: [],
      rows: [],
    },
    {
      number: 'IV',
      name: 'DEAP',
      says: "Low and high arousal and valence. An asterisk: p < 0.05, Student's t of F1 over people.",
      columns: [...classes('A'), ...classes('V')],
      rows: rowsOf({
        'Classification loss': '60.49 51.94 57.69 54.61',
        'Classification + ranking loss': '60.60 53.25* 58.42 55.57*',
      }),
    },
    {
      number: 'V',
      name: 'SEED',
      says: 'Three classes. The difference of F1 is not significant, p = 0.058.',
      columns: classes(),
      rows: rowsOf({
        'Classification loss': '74.80 72.79',
        'Classification + ranking loss': '76.98 75.51',
      }),
    },
    {
      number: 'VI',
      name: 'AffectNet',
      says: 'On the validation set. The row of RankNet stands in the text alone: PCC of scores of preference.',
      columns: images,
      rows: rowsOf({
        'MSE loss': BASELINE,
        'MSE + rank': PROPOSED,
        'RankNet (2005), text only': '- - 0.517 - - 0.580',
      }),
    },
    {
      number: 'VII',
      name: 'weight of the ranking',
      says: 'AffectNet, by alpha.',
      columns: images,
      rows: rowsOf({
        'alpha 0 (baseline)': BASELINE,
        'alpha 0.5': '0.351 0.483 0.553 0.407 0.568 0.604',
        'alpha 1.0': PROPOSED,
        'alpha 2.0': '0.351 0.484 0.540 0.408 0.565 0.606',
        'alpha 3.0': '0.350 0.461 0.529 0.409 0.567 0.605',
        'alpha 4.0': '0.352 0.487 0.548 0.385 0.609 0.638',
        'alpha 5.0': '0.343 0.494 0.550 0.397 0.602 0.622',
        'alpha 6.0': '0.347 0.490 0.547 0.404 0.581 0.612',
      }),
    },
    {
      number: 'VIII',
      name: 'tolerance of the ranking',
      says: 'AffectNet, by eps.',
      columns: images,
      rows: rowsOf({
        'baseline (no rank)': BASELINE,
        'eps 0.05': '0.347 0.472 0.513 0.400 0.579 0.603',
        'eps 0.10': '0.357 0.461 0.536 0.399 0.585 0.620',
        'eps 0.15': PROPOSED,
        'eps 0.20': '0.347 0.459 0.509 0.405 0.562 0.612',
        'eps 0.25': '0.353 0.478 0.542 0.406 0.579 0.601',
        'eps 0.30': '0.361 0.461 0.537 0.393 0.596 0.629',
        'eps 0.35': '0.352 0.465 0.528 0.424 0.544 0.597',
      }),
    },
    {
      number: 'IX',
      name: 'range of training labels',
      says: 'AffectNet, trained on labels within -c..c of both dimensions, tested on all.',
      columns: images,
      rows: rowsOf({
        'Baseline, c 0.4': '0.521 0.004 0.044 0.468 0.160 0.402',
        'Proposed, c 0.4': '0.497 0.035 0.154 0.440 0.247 0.457',
        'Baseline, c 0.5': '0.491 0.023 0.125 0.462 0.300 0.456',
        'Proposed, c 0.5': '0.471 0.070 0.228 0.441 0.355 0.498',
        'Baseline, c 0.6': '0.452 0.079 0.276 0.460 0.357 0.482',
        'Proposed, c 0.6': '0.424 0.176 0.359 0.434 0.421 0.536',
        'Baseline, full': BASELINE,
        'Proposed, full': PROPOSED,
      }),
    },
  ],
  graphics: [
    { number: '1', name: 'relations', says: 'The three relations of a pair on a bounded scale.' },
    { number: '2', name: 'architecture', says: 'The network.' },
  ],
  hyperparameters: [
    'The total loss has no number: L_cls or L_regr, plus alpha L_rank; alpha 1. Baseline: the same network without ranking.',
    'DEAP, SEED: SGD, learning rate 0.001, momentum 0.9, weight decay 5e-4, 20 epochs, batch 40; eps 0.25 on DEAP; 100 -> 128 -> 128, a layer a target to the classes, on the concatenated pair a layer a target to the three relations.',
    'AffectNet: SGD, learning rate 0.001, momentum 0.9, weight decay 1e-4, 50K steps, batch 128; eps 0.15; five stages of two convolutions and max-pooling by 2, of 64, 128, 256, 512 and 512 channels, flattened; a layer of 256 and one of 2; for ranking a layer of 256 and one of 3 a target; rotation of 30 degrees and zoom of 15 % either way, flips, brightness and contrast.',
    'Pairs: the batch in two halves, every sample of one against every sample of the other.',
  ],
  contradictions: [
    'The rows of alpha 1.0 and 3.0 in Table VII are identical in all six values.',
    'Its text calls eps 0.20 the best for RMSE of arousal; Table VIII has 0.347 at 0.05 as well.',
    'The asterisk of Table IV says p < 0.05, the text p < 0.01.',
    'alpha 1 and eps 0.15 of Table VI are not the best of Tables VII and VIII, which are scored on the validation set that is reported.',
  ],
  unstated: [
    'Averaging over people (the note on the t test implies it), how F1 is averaged, the side of 5.0, the step of windows, whether windows or trials are scored.',
    "On which data and for which target Fisher's discriminant selects; which clips of SEED train.",
    'Which samples may pair: of one trial, of one person. Activations, sizes of kernels, initial values, amounts of brightness and contrast.',
  ],
};
