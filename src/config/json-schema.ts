/**
 * The JSON Schema (draft 2020-12) of a configuration, for editors: `# yaml-language-server: $schema=…/godwit.schema.json`.
 *
 * It knows keys, types, ranges, defaults and descriptions, not the cross checks. `docs/godwit.schema.json` is its output.
 */
import { z } from 'zod'
import { configSchema } from './schema.ts'

/** A fresh plain object. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => wholeNumbers(jsonSchema),
  })
  return { $schema, title: 'godwit configuration', ...rest }
}

/** A number that may also be written as text (AS numbers, the table) is a whole one all the same. */
function wholeNumbers(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  for (const kind of jsonSchema.anyOf ?? [])
    if (typeof kind === 'object' && kind.type === 'number') kind.type = 'integer'
}

/** The text of docs/godwit.schema.json. */
export function formatJsonSchema(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`
}
