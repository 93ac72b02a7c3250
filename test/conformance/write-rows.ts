/** Brings the last column of `rows.md` up to date: `npx tsx test/conformance/write-rows.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { ROWS_FILE, writeRows } from './rows.ts'

writeFileSync(ROWS_FILE, writeRows(readFileSync(ROWS_FILE, 'utf8')))
