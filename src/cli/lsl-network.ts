import { loadConfig } from '../io/lsl/config.js';
import type { LslContext } from '../io/lsl/network.js';
import { type CommandContext, warnings } from './context.js';

/** The LSL network as `lsl_api.cfg` describes it. @throws ConfigurationError `lsl-config-unusable`. */
export function lslNetwork(context: CommandContext): LslContext {
  return { clock: context.clock, config: loadConfig(), events: warnings(context) };
}
