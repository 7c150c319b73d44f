/** The tests that say what a Perdure backend is. */
export { describeBackend } from "./describe-backend";
export type { BackendHarness, HubOptions, TestHub } from "./harness";
export { PausableClock } from "./pausable-clock";
export { describeTroubles } from "./troubles/describe-troubles";
export type { Planter, TroubleHarness, TroubledHub } from "./troubles/planter";
