/** All targets, and how to find one by name. */

import { APPLY } from './target/apply.ts'
import { ATTRIBUTES } from './target/attributes.ts'
import { DECODE } from './target/decode.ts'
import { MESSAGE } from './target/message.ts'
import { MRT } from './target/mrt.ts'
import { RAW } from './target/raw.ts'
import { RIB } from './target/rib.ts'
import { STREAM } from './target/stream.ts'
import type { Target } from './target.ts'

/** A target that is asked only for inputs of its own. */
const anyInput = <Input>(target: Target<Input>): Target<unknown> => target as unknown as Target<unknown>

export const TARGETS: readonly Target<unknown>[] = [
  anyInput(MESSAGE),
  anyInput(ATTRIBUTES),
  anyInput(RAW),
  anyInput(STREAM),
  anyInput(MRT),
  anyInput(DECODE),
  anyInput(RIB),
  anyInput(APPLY),
]
