// Completes package-lock.json after `npm install` against a registry that does not carry every platform's build of a
// native package: such optional packages are left out of the lock then, and `npm ci` refuses it as out of date.
// Their versions are pinned by the packages that want them, so the entries can be written without asking anybody.
//   node test/config/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs'

const PLATFORM = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/
const lockPath = new URL('../../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(lockPath, 'utf8'))
const { packages } = lock

for (const { dev, optionalDependencies = {} } of Object.values(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const path = `node_modules/${name}`
    const [, os, cpu, abi = ''] = PLATFORM.exec(name) ?? []
    if (path in packages || os === undefined || !/^\d/.test(version)) continue
    const libc = os === 'linux' ? { libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] } : {}
    packages[path] = { version, cpu: [cpu], ...(dev && { dev }), ...libc, optional: true, os: [os] }
    console.log(`added ${name} ${version}`)
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(lockPath, `${JSON.stringify(lock, null, 2)}\n`)
