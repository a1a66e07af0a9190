// A disk that is slow, or fails, as it is told: what a process writes below a folder goes through faulty-disk.c. For slow-disk.mjs and
// failing-disk.mjs; Linux with a C compiler.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of what is written below `folder`; what it needs itself goes to `work`. */
export class FaultyDisk {
  #says;

  constructor(folder, work) {
    const library = join(work, 'faulty-disk.so');
    const source = fileURLToPath(new URL('faulty-disk.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
    this.#says = join(work, 'faulty-disk.txt');
    this.be({});
    /** Environment of the process whose disk it is. */
    this.env = { ...process.env, LD_PRELOAD: library, FAULTY_FOLDER: folder, FAULTY_SAYS: this.#says };
  }

  /** From the next call on each write and each sync takes so long, ms, and fails with an errno (0: it doesn't). */
  be({ wait_ms = 0, errno = 0 }) {
    writeFileSync(this.#says, `${wait_ms} ${errno}\n`);
  }
}
