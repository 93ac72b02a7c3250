/**
 * The demo's voice: plain lines that fit 80 columns, colour only on a terminal. With `--json` the story goes to standard
 * error, so that standard output holds the report alone.
 */
import pc from 'picocolors'

const COLUMNS = 80

export class Narrator {
  readonly #stream: NodeJS.WriteStream
  readonly #colors: ReturnType<typeof pc.createColors>

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    this.#colors = pc.createColors(stream.isTTY === true)
  }

  title(text: string): void {
    this.#write(`\n${this.#colors.bold(text)}`)
  }

  /** What happens next. */
  step(text: string): void {
    this.#write(`\n${this.#colors.cyan('*')} ${text}`)
  }

  line(text: string): void {
    this.#write(`  ${text}`)
  }

  good(text: string): void {
    this.#write(`  ${this.#colors.green('ok')}  ${text}`)
  }

  bad(text: string): void {
    this.#write(`  ${this.#colors.red('MISSING')}  ${text}`)
  }

  /** Somebody else's output, cut to the width of the page. */
  quote(text: string): void {
    for (const line of text.trimEnd().split('\n'))
      this.#write(`  ${this.#colors.dim(cut(line.trimEnd(), COLUMNS - 2))}`)
  }

  #write(text: string): void {
    this.#stream.write(`${text}\n`)
  }
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`
}
