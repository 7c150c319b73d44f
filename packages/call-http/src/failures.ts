import type { HttpAnswer } from "./request";

/** How a request can fail; the `errorType` of the TaskFailedError that an orchestration gets. */
export type HttpFailureType =
  "HttpRequestFailed" | "HttpStatus" | "HttpRedirectRefused" | "HttpResponseTooLarge" | "HttpTokenFailed";

/** Thrown by the activity. Its message has no secret. */
export class HttpFailure extends Error {
  /** The answer, when there is one that the retry policy takes for a failure. */
  readonly data?: HttpAnswer;
  readonly isNonRetriable: boolean;

  constructor(
    type: HttpFailureType,
    message: string,
    {
      cause,
      data,
      isNonRetriable = false,
    }: { readonly cause?: unknown; readonly data?: HttpAnswer; readonly isNonRetriable?: boolean } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = type;
    this.isNonRetriable = isNonRetriable;
    if (data !== undefined) this.data = data;
  }
  /** The same, each text as `change` makes it. The cause is told by its name and message alone. */
  reworded(change: (text: string) => string): HttpFailure {
    const { name, message, cause, data, isNonRetriable } = this;
    return new HttpFailure(name as HttpFailureType, change(message), {
      isNonRetriable,
      ...(cause instanceof Error && { cause: reworded(cause, change) }),
      ...(data && { data }),
    });
  }
}

function reworded({ name, message, cause }: Error, change: (text: string) => string): Error {
  const inner = cause instanceof Error ? { cause: reworded(cause, change) } : undefined;
  const other = new Error(change(message), inner);
  other.name = name;
  delete other.stack; // it would be that of this line
  return other;
}
