import type { Finding } from "@perdure/core";

/** As JSON has it: dates are ISO 8601 texts. */
export type AsJson<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly AsJson<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: AsJson<T[K]> }
      : T;

/** One trouble of the hub. Times are ISO 8601, UTC. */
export type FindingDetails = AsJson<Finding>;
