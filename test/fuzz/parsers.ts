import { doorParsers } from './door-parsers.js';
import { fileParsers } from './file-parsers.js';
import { lslParsers } from './lsl-parsers.js';
import type { FuzzParser } from './parser.js';
import { recordingParsers } from './recording-parsers.js';

/** Everything that takes bytes or text from outside. A new parser has its line here. */
export const parsers: readonly FuzzParser[] = [
  ...lslParsers,
  ...doorParsers,
  ...recordingParsers,
  ...fileParsers,
];
