import { describe, expect, it } from 'vitest'
import { exerciseKernel } from '../../../src/kernel/exercise.ts'
import { Op, RouteRecords } from '../../../src/kernel/record.ts'
import { MessageBuilder } from '../../../src/kernel/rtnetlink/builder.ts'
import { exerciseKeys, exerciseMessages, exerciseRecords } from '../../../src/kernel/rtnetlink/exercise.ts'
import { MessageReader } from '../../../src/kernel/rtnetlink/parser.ts'
import { FAMILIES } from '../../../wire/family.ts'

describe('the exercise of the kernel side', () => {
  it('ends, in many steps, without an error', () => {
    expect([...exerciseKernel()].length).toBeGreaterThan(100)
    expect([...exerciseMessages()].length).toBeGreaterThan(20)
  })

  it.each(FAMILIES)('has the worker read what it wrote: $name', family => {
    const batch = exerciseRecords(exerciseKeys(family).slice(0, 3), Op.add, {
      protocol: 3,
      table: 254,
      interfaceIndex: 1,
    })
    const builder = new MessageBuilder(4096)
    while (batch.nextRoute()) builder.route(batch, 1)
    const [reader, read] = [new MessageReader().reset(builder.bytes, builder.length), new RouteRecords(1)]
    while (reader.next()) reader.route(read)
    expect(read.count).toBe(3)
    expect([read.familyIndex, read.length, read.word(0), read.hasGateway]).toEqual([family.index, 32, 0xc6120002, true])
  })
})
