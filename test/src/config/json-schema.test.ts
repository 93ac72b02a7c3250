import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configJsonSchema, formatJsonSchema } from '../../../src/config/json-schema.ts'
import { PROBLEM_CODES } from '../../../src/config/problem.ts'

const doc = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

/** Every key anywhere in the schema with its description. */
function keysOf(schema: unknown, path = ''): { path: string; key: string; description: unknown }[] {
  if (typeof schema !== 'object' || schema === null) return []
  const found: { path: string; key: string; description: unknown }[] = []
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'properties') {
      for (const [key, inner] of Object.entries(value as Record<string, { description?: unknown }>)) {
        found.push({ path: `${path}.${key}`, key, description: inner.description }, ...keysOf(inner, `${path}.${key}`))
      }
    } else found.push(...keysOf(value, path))
  }
  return found
}

describe('the JSON Schema', () => {
  it('is the one in docs/godwit.schema.json; if not, run test/src/config/write-json-schema.ts', () => {
    expect(doc('godwit.schema.json')).toBe(formatJsonSchema())
  })

  it('describes every key', () => {
    const keys = keysOf(configJsonSchema())
    expect(keys.length).toBeGreaterThan(50)
    expect(keys.filter(({ description }) => typeof description !== 'string' || description === '')).toEqual([])
  })

  it('refuses unknown keys in every object', () => {
    const open: string[] = []
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return
      if ('properties' in schema && (!('additionalProperties' in schema) || schema.additionalProperties !== false))
        open.push(path)
      for (const [key, value] of Object.entries(schema)) visit(value, `${path}/${key}`)
    }
    visit(configJsonSchema(), '')
    expect(open).toEqual([])
  })

  it('requires only what has no default', () => {
    const schema = configJsonSchema()
    expect(schema['required']).toEqual(['speaker'])
  })
})

describe('docs/configuration.md', () => {
  it('names every key', () => {
    const text = doc('configuration.md')
    const absent = keysOf(configJsonSchema()).filter(
      ({ key }) => !text.includes(`\`${key}\``) && !text.includes(`\`${key}:`),
    )
    expect(absent.map(({ path }) => path)).toEqual([])
  })

  it('explains every problem code', () => {
    const text = doc('configuration.md')
    expect(PROBLEM_CODES.filter(code => !text.includes(`\`${code}\``))).toEqual([])
  })
})
