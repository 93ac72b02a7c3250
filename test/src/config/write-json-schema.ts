/** Rewrites docs/godwit.schema.json after a change of src/config/schema.ts: `npx tsx test/src/config/write-json-schema.ts`. */
import { writeFileSync } from 'node:fs'
import { formatJsonSchema } from '../../../src/config/json-schema.ts'

writeFileSync(new URL('../../../docs/godwit.schema.json', import.meta.url), formatJsonSchema())
