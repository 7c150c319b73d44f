/** What one instance looks like from outside, read at about one time. */
import { InstanceNotFoundError, isTerminal, openWork } from "@perdure/core";
import type {
  Backend,
  HistoryEvent,
  HubDiagnostics,
  InstanceStatus,
  InstanceStore,
  InstanceWhereabouts,
  OpenWork,
} from "@perdure/core";

export interface Case {
  readonly status: InstanceStatus;
  /** Of the current generation; empty once it has finished. */
  readonly history: readonly HistoryEvent[];
  readonly open: OpenWork;
  /** The sub-orchestrations waited for, as far as there are any; of more than a hundred the first. */
  readonly children: ReadonlyMap<string, InstanceStatus>;
  /** Absent where the backend does not tell. */
  readonly whereabouts?: InstanceWhereabouts;
  /** Of children there are none of. */
  readonly missingChildren: ReadonlyMap<string, InstanceWhereabouts>;
}

const NOTHING: OpenWork = { timers: [], activities: [], children: [] };
const MOST_CHILDREN = 100;
/** An instance that keeps changing while it is looked at goes on: nothing is wrong with it. */
const MOST_LOOKS = 3;

/** @throws InstanceNotFoundError */
export async function lookAt(backend: Backend, instanceId: string): Promise<Case> {
  const { instances: store, diagnostics } = backend;
  for (let look = 1; ; look++) {
    const status = await store.get(instanceId);
    if (!status) throw new InstanceNotFoundError(instanceId);
    if (isTerminal(status.status))
      return { status, history: [], open: NOTHING, children: new Map(), missingChildren: new Map() };
    const history = await store.getHistory(instanceId);
    const open = openWork(status, history);
    const wanted = open.children.slice(0, MOST_CHILDREN).map(({ event }) => event.instanceId);
    const children = await childrenOf(store, wanted);
    const missing = wanted.filter((child) => !children.has(child));
    const missingChildren = await whereaboutsOf(diagnostics, missing);
    const whereabouts = await diagnostics?.whereabouts(instanceId);
    const after = await store.get(instanceId);
    const isSame = after?.executionId === status.executionId && after.lastUpdatedAt === status.lastUpdatedAt;
    if (!isSame && look < MOST_LOOKS) continue;
    return {
      ...{ status, history, open, children, missingChildren },
      ...(whereabouts && { whereabouts }),
    };
  }
}

async function childrenOf(
  store: InstanceStore,
  instanceIds: readonly string[],
): Promise<ReadonlyMap<string, InstanceStatus>> {
  const children = new Map<string, InstanceStatus>();
  for (const instanceId of instanceIds) {
    const child = await store.get(instanceId);
    if (child) children.set(instanceId, child);
  }
  return children;
}

async function whereaboutsOf(
  diagnostics: HubDiagnostics | undefined,
  instanceIds: readonly string[],
): Promise<ReadonlyMap<string, InstanceWhereabouts>> {
  const found = new Map<string, InstanceWhereabouts>();
  if (!diagnostics) return found;
  for (const instanceId of instanceIds) found.set(instanceId, await diagnostics.whereabouts(instanceId));
  return found;
}
