/** Two godwit nodes and one BIRD 2 node in one full mesh: each kernel holds the others' workload routes, and `birdc` agrees. */
import { fullMesh } from '../../src/lab/topology.ts'
import { workloadCases } from '../support/lab-workload-cases.ts'

const mesh = fullMesh(3, ['godwit', 'godwit', 'bird'])

workloadCases('two godwit nodes and one BIRD node in a mesh', mesh)
workloadCases('the same mesh over IPv6 sessions', { ...mesh, transport: 'ipv6' })
