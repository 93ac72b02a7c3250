// Who may know whom: the table of the design, section 2, as dependency-cruiser rules.
// Read by check-imports.mjs. A new folder under src/ needs a row here before it may import anything of ours.

/** @param {string} folder @param {string[]} ours folders of ours it may import @param {string[]} packages packages and node: modules it may import */
function mayKnow(folder, ours, packages = []) {
  const inside = [folder, ...ours].map(path => `^${path}(/|\\.ts$)`)
  const outside = packages.map(name => (name === 'node:*' ? '^(node:)?[a-z_/]+$' : `(^|node_modules/)${name}(/|$)`))
  return {
    name: `${folder}-knows-only-${ours.concat(packages).join('-and-') || 'itself'}`
      .replaceAll('/', '.')
      .replaceAll(':', ''),
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { pathNot: [...inside, ...outside].join('|') },
  }
}

export const rules = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'production-knows-no-tests',
      severity: 'error',
      from: { path: '^(wire|fsm|src)/' },
      to: { path: '^test/' },
    },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'koffi-only-in-sys',
      severity: 'error',
      from: { pathNot: '^src/sys/' },
      to: { path: '(^|node_modules/)koffi(/|$)' },
    },
    {
      name: 'rib-takes-only-types-of-policy',
      severity: 'error',
      from: { path: '^src/rib/' },
      to: { path: '^src/policy/', dependencyTypesNot: ['type-only'] },
    },
    mayKnow('wire', []),
    mayKnow('fsm', ['wire'], ['ts-pattern']),
    mayKnow('src/table', ['wire']),
    mayKnow('src/policy', ['wire', 'src/table'], ['ts-pattern']),
    mayKnow('src/rib', ['wire', 'src/table', 'src/policy']),
    mayKnow('src/sys', [], ['koffi', 'node:*']),
    mayKnow('src/observe', ['wire', 'fsm', 'src/api/views', 'src/api/schema'], ['pino', 'prom-client', 'node:*']),
    mayKnow('src/net', ['wire', 'fsm', 'src/sys', 'src/observe/channels'], ['node:*']),
    mayKnow('src/kernel', ['wire', 'src/table', 'src/sys', 'src/observe/channels'], ['node:*']),
    mayKnow('src/config', ['wire', 'src/policy'], ['zod', 'yaml', 'ip-address', 'ts-pattern', 'node:*']),
    mayKnow('src/api', ['wire', 'src/observe'], ['zod', 'node:*']),
    mayKnow(
      'src/cli',
      ['wire', 'src/api', 'src/config', 'src/decode', 'src/observe'],
      ['yargs', 'picocolors', 'node:*'],
    ),
    mayKnow('src/sim', ['wire', 'fsm', 'src/net', 'src/table', 'src/policy', 'src/rib'], ['node:*']),
    {
      name: 'node-only-in-the-simulators-main',
      severity: 'error',
      from: { path: '^src/sim/', pathNot: '^src/sim/main\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    mayKnow('src/decode', ['wire'], ['unbzip2-stream', 'node:*']),
    mayKnow(
      'src/lab',
      ['wire', 'src/api', 'src/cli/client', 'src/cli/context', 'src/config', 'src/daemon', 'src/kernel', 'src/sys'],
      ['yaml', 'picocolors', 'zod', 'node:*'],
    ),
  ],
}

/** The fewest modules a whole run can have read. Below it the tool has gone blind (it is silent when it finds no TypeScript). */
export const FEWEST_MODULES = 200
