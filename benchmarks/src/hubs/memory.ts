import { MemoryBackend, MemoryStore } from "@perdure/backend-memory";
import type { Hub } from "./hub";

export function openMemory(): Hub {
  const store = new MemoryStore();
  return { open: () => new MemoryBackend({ store }), close: () => Promise.resolve() };
}
