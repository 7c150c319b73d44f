import {
  ActivityNotRegisteredError,
  TaskTimeoutError,
  decode,
  encode,
  optional,
  toFailure,
} from "@perdure/core";
import type {
  ActivityContext,
  ActivityMessage,
  Cancellation,
  Clock,
  Logger,
  Registry,
  TaskMessage,
} from "@perdure/core";

/** A reason made once: an abort without one makes an error with a stack each time. */
const ENDED = new Error("The activity has ended.");

/** Runs the code of activities. Whatever they throw or return becomes a message for their instance. */
export class ActivityRunner {
  constructor(
    private readonly registry: Registry,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  knows(name: string): boolean {
    return this.registry.activity(name) !== undefined;
  }

  /** Never rejects. `cancellation` tells the activity that its result is no longer wanted. */
  async run(message: ActivityMessage, cancellation: Cancellation): Promise<TaskMessage> {
    const ended = message.timeoutMs === undefined ? undefined : new AbortController();
    if (ended) this.expire(message, cancellation, ended.signal);
    try {
      const handler = this.registry.activity(message.name)?.handler;
      if (!handler) throw new ActivityNotRegisteredError(message.name);
      const context = contextOf(message, cancellation, this.logger);
      const result = encode(
        await handler(context, decode(message.input)),
        `result of activity '${message.name}'`,
      );
      return this.completion(message, { type: "TaskCompleted", ...optional("result", result) });
    } catch (error) {
      return this.failure(message, error);
    } finally {
      ended?.abort(ENDED);
    }
  }

  /** Tells the instance that its activity has failed. */
  failure(message: ActivityMessage, error: unknown): TaskMessage {
    return this.completion(message, { type: "TaskFailed", failure: toFailure(error) });
  }

  private completion(
    message: ActivityMessage,
    outcome:
      | { readonly type: "TaskCompleted"; readonly result?: string }
      | { readonly type: "TaskFailed"; readonly failure: ReturnType<typeof toFailure> },
  ): TaskMessage {
    const { instanceId, executionId, taskScheduledId } = message;
    return {
      id: `${message.id}/result`,
      instanceId,
      executionId,
      event: { ...outcome, timestamp: this.clock.now(), taskScheduledId },
    };
  }

  /** Aborts when the attempt's time is up. The orchestration's own timer decides; this only tells the code. */
  private expire(message: ActivityMessage, cancellation: Cancellation, ended: AbortSignal): void {
    const left = message.scheduledAt + (message.timeoutMs ?? 0) - this.clock.now();
    void this.clock.sleep(left, ended).then(() => {
      if (!ended.aborted)
        cancellation.abort(new TaskTimeoutError(`Activity '${message.name}' ran out of time.`));
    });
  }
}

/** What few activities ask for is made when they do. */
function contextOf(message: ActivityMessage, cancellation: Cancellation, logger: Logger): ActivityContext {
  const { name, instanceId, executionId, orchestrationName, attempt, firstAttemptId } = message;
  return {
    name,
    instanceId,
    executionId,
    orchestrationName,
    attempt,
    idempotencyKey: `${executionId}/${firstAttemptId}`,
    get signal() {
      return cancellation.signal;
    },
    get log() {
      const log = (level: keyof Logger) => (text: string, fields?: Readonly<Record<string, unknown>>) =>
        logger[level](text, { instanceId, activity: name, attempt, ...fields });
      return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
    },
  };
}
