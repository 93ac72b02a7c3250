/** Small texts the tables share. */

/** Kubernetes style, two units: 45s, 3m12s, 5h3m, 12d4h. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  if (s < 60) return `${s}s`
  if (s < 3600) return `${Math.floor(s / 60)}m${s % 60}s`
  if (s < 86_400) return `${Math.floor(s / 3600)}h${Math.floor((s % 3600) / 60)}m`
  return `${Math.floor(s / 86_400)}d${Math.floor((s % 86_400) / 3600)}h`
}

/** Null is a dash in a table. */
export function orDash(value: string | number | null): string {
  return value === null ? '-' : String(value)
}
