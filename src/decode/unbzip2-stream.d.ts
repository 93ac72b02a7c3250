/** unbzip2-stream brings no types. It is a stream of the old style, of which we need only this. */
declare module 'unbzip2-stream' {
  interface Bunzip2 {
    on(event: 'data', listener: (chunk: Uint8Array) => void): Bunzip2
    on(event: 'error', listener: (error: Error) => void): Bunzip2
    write(chunk: Uint8Array): boolean
    end(): void
  }
  export default function createBunzip2(): Bunzip2
}
