/**
 * Starts that are asked for again. The instance itself says by a tag which request started it: whoever repeats the
 * request finds it, in any process and as long as the instance is kept.
 *
 * Without an id of its own the instance is named after the key. A finished instance is never replaced here, so that
 * creating it is one exclusive step.
 */
import type { Client, InstanceHandle, StartOptions } from "@perdure/client";
import { InstanceAlreadyExistsError, InvalidArgumentError, deriveId, encode } from "@perdure/core";
import { Refusal } from "./refusal";

const REQUEST_TAG = "perdure.request";

/** @throws Refusal when the key was used for another request; InstanceAlreadyExistsError; InvalidArgumentError */
export async function startOnce(
  client: Client,
  name: string,
  input: unknown,
  options: StartOptions,
  key: string,
): Promise<InstanceHandle> {
  const { instanceId = deriveId("idempotency", name, key), reuse, ifExists, tags, ...others } = options;
  if (reuse !== undefined || ifExists !== undefined) {
    throw new InvalidArgumentError(
      "An idempotency key says what happens to an id that is taken: leave out reuse and ifExists.",
    );
  }
  const request = `${deriveId(key)}/${deriveId(encode(input, "input") ?? "", JSON.stringify([tags, others]))}`;
  try {
    const marked = { ...others, instanceId, tags: { ...tags, [REQUEST_TAG]: request } };
    return await client.startNew(name, input, { ...marked, reuse: [] });
  } catch (error) {
    if (!InstanceAlreadyExistsError.is(error)) throw error;
    const found = (await client.get(instanceId))?.tags?.[REQUEST_TAG];
    if (found?.split("/")[0] !== deriveId(key)) throw error;
    if (found === request) return client.instance(instanceId);
    throw new Refusal(
      422,
      "IdempotencyKeyReused",
      "The idempotency key was used for another request: give each request its own.",
    );
  }
}
