/** What a process used while nothing was to be done. Megabytes are millions of bytes. */
export interface Usage {
  readonly rssMB: number;
  /** Absent where there is no /proc. */
  readonly rssAnonMB?: number;
  readonly rssFileMB?: number;
  /** After a garbage collection, as the last figure that is taken. */
  readonly heapMB: number;
  /** Of one processor. */
  readonly cpuPercent: number;
}

/** Watches this process for a time. */
export function usageOver(seconds: number): Promise<Usage>;
