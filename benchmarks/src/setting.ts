export const BACKENDS = ["embedded", "memory", "azurite"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** What one invocation measures. */
export interface Setting {
  readonly backend: BackendName;
  /** Small sizes and short times: to see that everything runs, not for figures to keep. */
  readonly quick: boolean;
  /** The embedded backend without fsync. */
  readonly relaxed: boolean;
  /** Where files are made, in a directory of their own that is removed. Decides which disk is measured. */
  readonly directory: string;
}
