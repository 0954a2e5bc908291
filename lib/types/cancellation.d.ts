/**
 * What gives something up before its end. Given up before the first microtask after it was asked for,
 * nothing of it is sent.
 */
export interface CancellationOptions {
  /**
   * Rejects with the signal's reason as soon as it is aborted; one that is aborted already sends
   * nothing.
   */
  signal?: Signal | null
  /** ms in all, retries included: from 0, which sends nothing, to 2^31 - 1. Rejects with REQUEST_TIMEOUT. */
  timeout?: number | null
}

/** An AbortSignal, or what has its members. */
export interface Signal {
  readonly aborted: boolean
  readonly reason?: any
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener?(type: 'abort', listener: () => void): void
}
