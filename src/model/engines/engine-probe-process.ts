import { probeEngines } from './choose.js';

/** The process of {@link probeEnginesApart}: sends what it finds, and ends. */
process.send!(await probeEngines(), () => process.exit());
