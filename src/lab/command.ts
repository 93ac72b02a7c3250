/** Runs a program to its end. Called wherever the lab asks `ip`, `birdc` or `godwit show` something. */
import { execFile } from 'node:child_process'

const OUTPUT_OCTETS = 64 << 20

/** What the program wrote to standard output; an Error with what it complained of when it failed. */
export function run(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: OUTPUT_OCTETS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`))
    })
    if (input !== undefined) child.stdin?.end(input)
  })
}
