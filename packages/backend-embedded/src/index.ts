/** Perdure's backend in one local file. */
export { EmbeddedBackend } from "./backend";
export type { EmbeddedBackendOptions } from "./backend";
