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
}
