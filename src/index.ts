/**
 * The library: a whole speaker in one call, and what it takes to configure it. The codecs and the state machine have entrances of their own,
 * `godwit/wire` and `godwit/fsm`.
 */
export {
  type Config,
  type ConfigInput,
  type ConfigResult,
  configFromObject,
  loadConfig,
  parseConfig,
} from './config/index.ts'
export { type Speaker, type SpeakerParts, startSpeaker } from './daemon/index.ts'
