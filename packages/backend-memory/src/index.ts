/** Perdure's backend in memory. */
export { MemoryBackend } from "./backend";
export type { MemoryBackendOptions } from "./backend";
export { MemoryStore } from "./store";
