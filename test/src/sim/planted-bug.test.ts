/**
 * Does the simulator find bugs? Each row plants one into a part of the product, by replacing one of its methods, and gives
 * the simulator a number of seeds to find it in. The table of docs/simulator.md comes from here.
 */
import { afterEach, expect, it, vi } from 'vitest'
import { Roster } from '../../../fsm/roster.ts'
import { DeadlineTimer } from '../../../src/net/deadline-timer.ts'
import { PathSweep } from '../../../src/rib/path-sweep.ts'
import { PrefixRecords } from '../../../src/rib/prefix-record.ts'
import { RouteTable } from '../../../src/rib/route-table.ts'
import { Scan } from '../../../src/rib/scan.ts'
import { Withdrawals } from '../../../src/rib/withdrawals.ts'
import { type RunOptions, run } from '../../../src/sim/cluster.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const SEEDS = 24
const SMALL = { speakers: 6, minutes: 0.5 }
/** So many in so short a time that peers fall behind while routes go. */
const MANY_FAULTS = { faults: 20, minutes: 2 }

const BUGS: readonly (readonly [string, () => void, Partial<RunOptions>])[] = [
  [
    'the source of a new best route is not told that the former one is gone',
    () => {
      const add = Withdrawals.prototype.add
      vi.spyOn(Withdrawals.prototype, 'add').mockImplementation(function (this: Withdrawals, id, who) {
        if (who >= 0) add.call(this, id, who)
      })
    },
    SMALL,
  ],
  [
    'the paths of a session that is over stay',
    () => void vi.spyOn(PathSweep.prototype, 'remove').mockImplementation(() => {}),
    SMALL,
  ],
  [
    'a prefix that is gone is forgotten before everybody has heard of it',
    () => {
      const recycle = RouteTable.prototype.recycle
      vi.spyOn(RouteTable.prototype, 'recycle').mockImplementation(function (this: RouteTable) {
        recycle.call(this, Number.MAX_SAFE_INTEGER)
      })
    },
    MANY_FAULTS,
  ],
  [
    'a peer that lost its place in the log is not told what it missed',
    () => void vi.spyOn(Scan.prototype, 'restart').mockImplementation(() => {}),
    SMALL,
  ],
  [
    'two connections of one peer do not know of each other',
    () => void vi.spyOn(Roster.prototype, 'rivalOf').mockImplementation(() => undefined),
    SMALL,
  ],
  [
    'nobody is told what went with a session',
    () => {
      const step = PathSweep.prototype.step
      vi.spyOn(PathSweep.prototype, 'step').mockImplementation(function (this: PathSweep) {
        const mark = vi.spyOn(PrefixRecords.prototype, 'markDirty').mockReturnValue(false)
        try {
          return step.call(this)
        } finally {
          mark.mockRestore()
        }
      })
    },
    SMALL,
  ],
  [
    'KEEPALIVEs that are due sooner than planned wait for the old time',
    () => {
      const touch = DeadlineTimer.prototype.touch
      vi.spyOn(DeadlineTimer.prototype, 'touch').mockImplementation(function (this: DeadlineTimer, slot) {
        if (slot.index < 0) touch.call(this, slot)
      })
    },
    SMALL,
  ],
]

it.each(BUGS)(
  '%s: found',
  (_what, plant, options) => {
    plant()
    const found: string[] = []
    for (let seed = 1; seed <= SEEDS && found.length === 0; seed++) {
      const { violation } = run({ ...options, seed })
      if (violation !== undefined) found.push(`seed ${seed}: ${violation.message}`)
    }
    expect(found).toHaveLength(1)
  },
  30_000,
)
