import { defineActivity } from "@perdure/core";
import type { ActivityDefinition, ActivityHandler } from "@perdure/core";

/** Another activity of the same name and types, for the option `mocks`. */
export function mockActivity<TInput, TOutput>(
  activity: ActivityDefinition<TInput, TOutput>,
  handler: ActivityHandler<NoInfer<TInput>, NoInfer<TOutput>>,
): ActivityDefinition<TInput, TOutput> {
  return defineActivity<TInput, TOutput>(activity.name, handler);
}
