/** The composition root: the only part that knows all others. `startSpeaker` for programs and tests, `runDaemon` for `godwit run`. */
export { createControls } from './reload.ts'
export { type DaemonOptions, runDaemon } from './run.ts'
export { type Speaker, type SpeakerParts, startSpeaker } from './speaker.ts'
