import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { ConfigurationError } from '../core/errors.js';
import { stemOf } from '../io/recordings/files/stem.js';
import { repairXdf, type XdfRepair } from '../io/recordings/xdf/xdf-repair.js';
import { type CommandContext, note } from './context.js';
import { partialPath, unwritable } from './output.js';

/** `affectd record --repair`: writes a mended copy beside the file, or to `out`, and tells what was saved. */
export async function repair(
  context: CommandContext,
  path: string,
  out: string | undefined,
): Promise<XdfRepair & { readonly out: string | null }> {
  const target = out ?? freeName(path);
  if (resolve(target) === resolve(path))
    throw unwritable(target, 'is the damaged file itself, which stays as it is; choose another place');
  const partial = partialPath(target);
  const report = mend(path, partial, target, out !== undefined);
  const isWritten = report.needed || out !== undefined;
  if (isWritten) await rename(partial, target);
  for (const problem of report.problems) note(context, `affectd: ${path}: ${problem}`);
  for (const { name, type, samples, lost } of report.streams)
    note(
      context,
      `affectd:   ${name} (${type}): ${samples} samples saved${lost > 0 ? `, ${lost} lost` : ''}`,
    );
  note(
    context,
    report.needed
      ? `affectd: wrote ${target}; ${path} stays as it was`
      : `affectd: ${path}: nothing to mend${isWritten ? `; copied to ${target}` : ''}`,
  );
  return { ...report, out: isWritten ? target : null };
}

function mend(path: string, partial: string, target: string, always: boolean): XdfRepair {
  try {
    return repairXdf(path, partial, always);
  } catch (error) {
    const { code, path: failed } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string' || failed === undefined) throw error;
    if (failed === path)
      throw new ConfigurationError('file-unreadable', `--repair ${path}: can't be read (${code})`);
    throw unwritable(target, `cannot be written (${code}); choose another place with --out`);
  }
}

/** `session-repaired.xdf`, or the next that is free. */
function freeName(path: string): string {
  const stem = join(dirname(path), `${stemOf(path)}-repaired`);
  const extension = extname(path);
  let name = `${stem}${extension}`;
  for (let n = 2; existsSync(name); n++) name = `${stem}-${n}${extension}`;
  return name;
}
