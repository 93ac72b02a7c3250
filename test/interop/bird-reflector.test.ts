/** BIRD 2 and godwit as each other's route reflectors (RFC 4456). */
import { reflected } from '../../src/lab/topology.ts'
import { workloadCases } from '../support/lab-workload-cases.ts'

workloadCases('three godwit nodes behind BIRD as the reflector', reflected(3, ['bird']))
workloadCases(
  'two BIRD nodes and a godwit node behind godwit as the reflector',
  reflected(3, ['godwit'], ['bird', 'bird']),
)
workloadCases(
  'godwit and BIRD nodes behind one reflector of each',
  reflected(3, ['godwit', 'bird'], ['godwit', 'bird']),
)
