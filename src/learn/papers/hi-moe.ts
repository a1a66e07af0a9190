import { columnsByMissing, columnsOf, type Paper, rowsOf } from './paper.js';

const rates = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4];
const regression = (group: string | null = null) => columnsOf('overall', ['ccc', 'pcc', 'mae'], { group });
const highLow = [
  ...columnsOf('valence', ['accuracy', 'macro_f1'], { group: 'V', percent: true }),
  ...columnsOf('arousal', ['accuracy', 'macro_f1'], { group: 'A', percent: true }),
];

/** What Hi-MoE's paper prints, in its fourth version. */
export const hiMoe: Paper = {
  name: 'Hi-MoE',
  authors: 'Y. Zhu, L. Han, G. Jiang, P. Zhou, Y. Wang',
  title:
    'Hierarchical MoE: Continuous Multimodal Emotion Recognition with Incomplete and Asynchronous Inputs',
  where: 'arXiv 2508.02133v4. Its sections have no numbers.',
  protocol: [
    "Regression and classification on DEAP, regression on DREAMER: subject-dependent, 10 folds, each person's trials split evenly over them. DEAP also leave one person out.",
    'Missing rates of 0 to 0.40 in steps of 0.05 on DEAP: any combination of modalities masked at random for each sample, five seeds.',
    'Windows of 4 s that overlap by 2 s, trials cut to 60 s.',
    'EEG of DEAP and DREAMER from 512 to 128 Hz, 4-45 Hz; peripheral signals 128 Hz, 0.05-2 Hz; SEED from 1000 to 200 Hz, 1-75 Hz; AMIGOS from 128 to 64 Hz, 4-45 Hz, its ECG 0.5-40 Hz.',
    'Ratings of 1 to 9, of DREAMER 1 to 5. No table prints a deviation. Baselines with an asterisk were run by the authors.',
  ],
  sections: [],
  equations: [
    {
      number: '1',
      name: 'cross-modal similarity',
      says: 'S_ij = Z_i . Z_j / tau on rows of two encoders, normalised, the diagonal masked; 2T rows.',
    },
    { number: '2', name: 'modality gate', says: 'alpha_t(m) = softmax(W_g x_t(m) + b_g), K weights.' },
    { number: '3', name: 'modality experts', says: 'z_t(m) = sum of alpha_k E_k(x_t(m)).' },
    { number: '4', name: 'fusion', says: 'z_t = Fuse(z_t(1) ... z_t(M)), by attention.' },
    { number: '5', name: 'emotion routing', says: 'beta_t[l] = softmax over l of phi(z_t, F_l(z_t)).' },
    { number: '6', name: 'emotion experts', says: 'e_t = sum of beta_l F_l(z_t).' },
    {
      number: '7',
      name: 'NT-Xent',
      says: "Mean over 2B rows of -log softmax of the positive's similarity, each row itself left out.",
    },
    {
      number: '8',
      name: 'total loss',
      says: 'L = L_emo + lambda L_NT-Xent; L_emo is cross-entropy of High and Low, or squared error of ratings 1 to 9, without labels that are missing.',
    },
  ],
  tables: [
    {
      number: '1',
      name: 'data sets',
      says: 'DEAP (32 people, 40 trials; EEG, peripheral signals, face; four dimensions) and DREAMER (23 people, 18 trials; two signals, no face; three).',
      columns: [],
      rows: [],
    },
    {
      number: '2',
      name: 'regression',
      says: 'All modalities there; called an overall average.',
      columns: [...regression('DEAP'), ...regression('DREAMER')],
      rows: rowsOf({
        'Late Fusion (2017): EEG, PPS': '0.8541 0.8827 0.755 0.370 0.400 0.855',
        'TACOFormer* (2023): EEG, PPS': '0.9144 0.9379 0.721 0.9423 0.9498 0.696',
        'Ours: EEG, PPS': '0.9522 0.9679 0.655 0.9571 0.9623 0.612',
        'Bi-LSTM* (2021): EEG, PPS, Face': '0.8712 0.8899 0.4626 - - -',
        'Ours: EEG, PPS, Face': '0.9698 0.9790 0.321 - - -',
        'IANet* (2024): EEG, EOG, EMG, EDA': '0.9002 0.9207 0.737 0.9114 0.9288 0.729',
        'Ours: EEG, EOG, EMG, EDA': '0.9131 0.9218 0.711 0.9310 0.9402 0.702',
      }),
    },
    {
      number: '3',
      name: 'missing rates, all modalities',
      says: 'CCC on DEAP by the share of modalities missing.',
      columns: columnsByMissing('ccc', rates),
      rows: rowsOf({
        'Bi-LSTM* (2021)': '0.8712 0.8511 0.7971 0.7646 0.7208 0.6266 0.5915 0.5744 0.4707',
        'IANet* (2024)': '0.9014 0.8789 0.8675 0.8265 0.7541 0.6987 0.6347 0.6051 0.5807',
        'TACOFormer* (2023)': '0.9211 0.8913 0.8544 0.8238 0.7375 0.6409 0.6006 0.5787 0.5507',
        'Ours (Full)': '0.9698 0.9450 0.9273 0.8991 0.8735 0.8657 0.8545 0.8371 0.7422',
      }),
    },
    {
      number: '4',
      name: 'High and Low, EEG and PPS',
      says: 'Binary classification on DEAP; EEG and peripheral signals by its text.',
      columns: highLow,
      rows: rowsOf({
        'Late Fusion (2017)': '83.23 - 88.82 -',
        'TACOFormer (2023)': '91.59 - 92.02 -',
        'MFST-RNN (2023)': '94.99 95.40 95.89 96.09',
        Ours: '98.15 98.77 98.63 98.91',
      }),
    },
    {
      number: '5',
      name: 'leave one subject out',
      says: 'CCC on DEAP, each person held out in turn.',
      columns: (
        [
          ['V', 'valence'],
          ['A', 'arousal'],
          ['D', 'dominance'],
          ['L', 'liking'],
        ] as const
      ).flatMap(([group, dimension]) => columnsOf(dimension, ['ccc'], { group })),
      rows: rowsOf({
        'Late Fusion* (2017)': '0.522 0.585 0.566 0.603',
        'Bi-LSTM* (2021)': '0.592 0.621 0.562 0.630',
        'TACOFormer* (2023)': '0.603 0.635 0.578 0.662',
        'IANet* (2024)': '0.607 0.628 0.599 0.643',
        Ours: '0.642 0.695 0.601 0.689',
      }),
    },
    {
      number: '6',
      name: 'ablation',
      says: 'DEAP without each part in turn; called an overall average. The full row equals that of EEG, PPS and face in Table 2.',
      columns: regression(),
      rows: rowsOf({
        'w/o Emotion Expert Bank': '0.9014 0.9236 0.780',
        'w/o Cross-Modal Alignment': '0.9572 0.9614 0.443',
        'w/o Soft Routing': '0.9477 0.9491 0.512',
        'Full Model (Ours)': '0.9698 0.9790 0.321',
      }),
    },
    {
      number: '7',
      name: 'data sets, in full',
      says: 'DEAP, DREAMER, SEED (15 people, 15 trials, EEG, three levels) and AMIGOS (40 people, 20 trials, EEG, ECG, video, three dimensions).',
      columns: [],
      rows: [],
    },
    {
      number: '8',
      name: 'missing rates, EEG and PPS',
      says: 'As Table 3, of EEG and peripheral signals.',
      columns: columnsByMissing('ccc', rates),
      rows: rowsOf({
        'Late Fusion (2017)': '0.8541 0.8112 0.7643 0.7444 0.6881 0.6534 0.5290 - -',
        'TACOFormer* (2023)': '0.9144 0.8626 0.8312 0.8009 0.7446 0.6923 0.5656 0.5331 0.5104',
        'Ours (Full)': '0.9522 0.9399 0.9205 0.9001 0.8824 0.8531 0.8496 0.8351 0.7677',
      }),
    },
    {
      number: '9',
      name: 'missing rates, four signals',
      says: 'As Table 3, of EEG, EOG, EMG and EDA.',
      columns: columnsByMissing('ccc', rates),
      rows: rowsOf({
        'IANet* (2024)': '0.9002 0.8434 0.8399 0.8217 0.7363 0.7192 0.5564 0.5499 0.5665',
        'Ours (Full)': '0.9131 0.9055 0.8998 0.8764 0.8616 0.8231 0.8005 0.7872 0.7364',
      }),
    },
    {
      number: '10',
      name: 'High and Low, other modalities',
      says: 'Binary classification on DEAP with the face, and with four signals.',
      columns: highLow,
      rows: rowsOf({
        'TACOformer (2023): EEG, FACIAL': '91.59 - 92.02 -',
        'CAFNet: EEG, FACIAL': '94.99 95.40 95.89 96.09',
        'Ours: EEG, FACIAL': '98.15 98.77 98.63 98.91',
        'Husformer: EEG, EOG, EMG, EDA': '90.67 90.74 91.33 91.35',
        'IANet (2024): EEG, EOG, EMG, EDA': '97.42 97.41 97.56 97.55',
        'Ours: EEG, EOG, EMG, EDA': '97.57 97.78 98.24 98.31',
      }),
    },
  ],
  graphics: [
    { number: '1', name: 'architecture', says: 'Eight modalities, not named in its text.' },
    { number: '2', name: 'courses of valence and arousal', says: 'Predicted and true, over time.' },
    {
      number: '3',
      name: 'missing rates, all modalities',
      says: 'Performance by missing rate, bands of one deviation over seeds.',
    },
    {
      number: '4a',
      name: 'routing weights',
      says: 'Mean routing weight by combination of modalities, a binary string, 0 for missing.',
    },
    { number: '4b', name: 'number of emotion experts', says: 'Performance by L.' },
    { number: '5', name: 'courses of dominance and liking', says: 'Predicted and true, over time.' },
    { number: '6', name: 'missing rates, EEG and PPS', says: 'As Fig. 3.' },
    { number: '7', name: 'missing rates, four signals', says: 'As Fig. 3.' },
  ],
  hyperparameters: [
    'Adam, cosine annealing, 75 epochs, early stopping, batch 32 on each of six GPUs; PyTorch 1.13.1.',
    'Encoders, one a modality: EEGNet for EEG; EfficientNet-B0 features, action-unit heads and a graph network for the face; shallow networks, light convolutions or perceptrons for signals of one or two channels.',
    'A missing modality is a zero vector; its gate then rests on its bias. One head a dimension.',
  ],
  contradictions: [
    'TACOFormer at a missing rate of 0.35 is 0.5744 in the text and 0.5787 in Table 3, which has 0.5744 for Bi-LSTM.',
    'With nothing missing TACOFormer has 0.9144 in Tables 2 and 8 and 0.9211 in Table 3, IANet 0.9002 in Tables 2 and 9 and 0.9014 in Table 3.',
    '0.9014 is both IANet with nothing missing in Table 3 and Hi-MoE without its emotion experts in Table 6.',
    'Table 4, of EEG and peripheral signals, and Table 10, of EEG and face, share three rows of identical numbers; MFST-RNN in one is CAFNet in the other. MFST-RNN, CAFNet and Husformer are not among its references by these names.',
    'Modalities are masked "during inference" by one sentence, in training and evaluation by a later one of the same paragraph.',
    'EEG and PPS alone are ahead of all modalities at missing rates of 0.15, 0.20 and 0.40 (Tables 8 and 3).',
    'IANet rises from 0.5499 to 0.5665 between missing rates of 0.35 and 0.40 (Table 9).',
    'DREAMER has three dimensions and no face in Table 1, two and video in Table 7; its rows of EEG, EOG, EMG and EDA in Table 2 are of signals that neither table gives it. Four dimensions are announced for Table 2; DREAMER has no liking.',
    'DEAP has a face in Table 1 and none in Table 7.',
    "DREAMER's EEG is taken from 512 Hz; DREAMER records 128 Hz. SEED has 16 channels there, 62 in ATAM's paper. 4-45 Hz at 64 Hz, of AMIGOS, is above half the rate. Four data sets are prepared, two are reported.",
    'Regression is on ratings of 1 to 9 by the method; DREAMER was rated from 1 to 5.',
    'Late Fusion has a CCC of 0.370 on DREAMER and 0.8541 on DEAP. It has no asterisk in Tables 2, 4 and 8 and one in Table 5, and all baselines are said to have been run alike.',
    'MAE and CCC order rows differently: 0.9144 with 0.721 and 0.8712 with 0.4626 (Table 2).',
    'Eq. 1 has 2T rows, Eq. 7 has 2B. The router is called differential; Eq. 5 is a plain softmax.',
  ],
  unstated: [
    "On which scale MAE is; how targets are scaled; the side of High and Low; how F1 is averaged; over what Tables 2 and 6 average; the modalities of Tables 5 and 6 and of Table 3's baselines; what PPS holds.",
    "Whether a trial's windows stay in one fold.",
    'Learning rate, weight decay, patience, lambda, tau, T, d, K, L, phi, the form of Fuse, sizes of experts and encoders; what takes the place of a removed part in Table 6.',
    'Whether x_t(m) of Eq. 2 is raw or encoded. Nothing tests asynchrony. What is announced for the appendix and is not there: sizes of encoders, the ablation of classification, numbers of experts at other missing rates.',
  ],
};
