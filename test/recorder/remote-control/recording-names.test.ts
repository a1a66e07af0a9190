import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changedNames, namesAtFirst, pathOf } from '../../../src/recorder/remote-control/recording-names.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const folder = join(temporaryFolder(), 'study');
mkdirSync(join(folder, 'pilot'), { recursive: true });

const named = (options: string): string =>
  relative(folder, pathOf(folder, changedNames(namesAtFirst, options)));

it.each([
  [
    '{participant:P003} {session:2} {task:Rest} {run:7}',
    'sub-P003/ses-2/eeg/sub-P003_ses-2_task-Rest_run-007_eeg.xdf',
  ],
  [
    '{acquisition:dry}{modality:BEH}',
    'sub-P001/ses-S001/beh/sub-P001_ses-S001_task-Default_acq-dry_run-001_beh.xdf',
  ],
  [
    '{template:exp%n\\%p_block_%b.xdf} {run:2} {participant:P003} {task:MemoryGuided}',
    'exp002/P003_block_MemoryGuided.xdf',
  ],
  ['{TEMPLATE:Pilot_%s_%a_%m_%r} {Session:A} {acquisition:x}', 'Pilot_A_x_eeg_001.xdf'],
  ['{root:pilot} {template:%p/%p.xdf}', 'pilot/P001/P001.xdf'],
  ['{root:pilot\\deep\\} {template:one}', 'pilot/deep/one.xdf'],
  [`{root:${join(folder, 'pilot')}} {template:two.xdf}`, 'pilot/two.xdf'],
  [`{root:${folder}/} {template:./three.xdf}`, 'three.xdf'],
  ['{participant:P 3/4: é} {template:%p}', 'P_3_4_é.xdf'],
  ['{participant:..} {template:a%p%p.xdf}', 'a.....xdf'],
])('%s is %s', (options, path) => {
  expect(named(options)).toBe(path);
});

it('counts runs that are there, unless the run is given', () => {
  const names = changedNames(namesAtFirst, '{template:run%n.xdf}');
  for (const run of ['001', '002']) {
    expect(pathOf(folder, names)).toBe(join(folder, `run${run}.xdf`));
    writeFileSync(pathOf(folder, names), '');
  }
  expect(pathOf(folder, changedNames(names, '{run:1}'))).toBe(join(folder, 'run001.xdf'));
});

symlinkSync(join(folder, '..'), join(folder, 'out'));
symlinkSync('/etc/passwd', join(folder, 'linked.xdf'));
symlinkSync(join(folder, 'pilot'), join(folder, 'in'));
mkdirSync(join(folder, 'folder.xdf'));

it.each([
  '{root:..}',
  '{root:/etc}',
  '{root:C:\\Data}',
  '{root:pilot/../..}',
  '{root:\\\\server\\share}',
  `{root:${dirname(folder)}}`,
  `{root:${folder}x}`,
  '{root:out}',
  '{template:../x.xdf}',
  '{template:..\\x.xdf}',
  '{template:/x.xdf}',
  '{template:out/x.xdf}',
  '{template:out/new/x.xdf}',
  '{template:linked.xdf}',
  '{template:folder.xdf}',
  '{template:.}',
  '{template:%p/x.xdf} {participant:..}',
  '{template:%p.\\x.xdf} {participant:.}',
  '{template:a\u0000b.xdf}',
  '{template:a:b.xdf}',
  `{template:${'x'.repeat(300)}.xdf}`,
  `{template:${'x/'.repeat(40)}x.xdf}`,
  '{participant:}',
  `{task:${'x'.repeat(65)}}`,
  '{run:-1}',
  '{run:1e9}',
  '{run:one}',
  '{colour:red}',
  'C:\\x.xdf',
  '',
])('%j is refused, whatever is asked for afterwards', (options) => {
  expect(() => named(options)).toThrow(expect.objectContaining({ name: 'CommandRefused' }));
});

it('a link that stays in the folder is followed', () => {
  expect(named('{root:in} {template:x.xdf}')).toBe('in/x.xdf');
});

it('nothing that a client says is a path outside of the folder', () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    'a',
    '%p',
    '%s',
    '%n',
    'out',
    'in',
    ':',
    'C:',
    '~',
    ' ',
    '\u0000',
    '//',
    '{',
    '}',
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, text, text, text, (root, template, participant, session) => {
      let path: string;
      try {
        path = named(`{root:${root}}{template:${template}}{participant:${participant}}{session:${session}}`);
      } catch (error) {
        return (error as Error).name === 'CommandRefused';
      }
      return path !== '' && !path.startsWith('..') && !path.startsWith('/') && !path.startsWith('out/');
    }),
    { numRuns: 2000 },
  );
});
