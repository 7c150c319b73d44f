/** What the command line ends with. Scripts depend on these numbers: they do not change. */
export const EXIT_CODES = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  unreachable: 5,
  timeout: 6,
  instanceFailed: 7,
  findings: 8,
  interrupted: 130,
} as const;

export type Outcome = keyof typeof EXIT_CODES;

/** For the documentation and `perdure help`. */
export const EXIT_CODE_MEANINGS: Readonly<Record<Outcome, string>> = {
  ok: "done",
  failure: "something failed that has no code of its own",
  usage: "the command line, the configuration or an argument is wrong; nothing was done",
  notFound: "no such instance, timer, schedule, dead letter or hub",
  conflict: "refused as things stand: the id is in use, or the instance has finished, or has not",
  unreachable: "storage or server cannot be reached, or denies access",
  timeout: "what was waited for did not come about in time; it goes on",
  instanceFailed: "the instance that was waited for failed or was terminated",
  findings: "doctor or replay found something that needs a person",
  interrupted: "ended by Ctrl+C",
};
