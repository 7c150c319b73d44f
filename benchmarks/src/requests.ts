import type { Figures } from "./figures";
import { isPolling, only, totalOf } from "./hubs/storage-counter";
import type { RequestCounts } from "./hubs/storage-counter";

/** What a number of orchestrations asked of storage, as figures and by kind, for one of them. */
export function requestsOf(
  requests: RequestCounts | undefined,
  orchestrations: number,
): { readonly figures: Figures; readonly requests?: RequestCounts } {
  if (!requests) return { figures: {} };
  const each = Object.fromEntries(
    Object.entries(requests).map(([kind, count]) => [kind, count / orchestrations]),
  );
  return {
    figures: {
      requestsPerOrchestration: totalOf(each),
      pollingPerOrchestration: totalOf(only(each, isPolling)),
    },
    requests: each,
  };
}
