import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { configText } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';

/**
 * Until the file's tests have ended, what reads LSL's settings in this process finds only this machine, and ports of
 * which the first is returned. A file asks at its top level. `liblsl`: that, too, which looks for them in the working
 * directory, once, when it is loaded.
 */
export async function ownSettings({ liblsl = false } = {}): Promise<number> {
  const [port, folder] = [await ownPorts(), temporaryFolder()];
  const [setting, directory] = [process.env.LSLAPICFG, process.cwd()];
  process.env.LSLAPICFG = join(folder, 'lsl_api.cfg');
  writeFileSync(process.env.LSLAPICFG, configText(port));
  if (liblsl) process.chdir(folder);
  afterAll(() => {
    process.chdir(directory);
    if (setting === undefined) delete process.env.LSLAPICFG;
    else process.env.LSLAPICFG = setting;
  });
  return port;
}
