import {
  InstanceNotFoundError,
  InvalidArgumentError,
  InvalidInstanceStateError,
  durationMs,
  encode,
  isTerminal,
  nameOf,
  optional,
  systemClock,
} from "@perdure/core";
import type { Clock, Duration, EventDefinition } from "@perdure/core";
import type { Client, InstanceHandle } from "@perdure/client";
import type { EventUrl } from "../../contract/event-urls";
import { Refusal } from "../refusal";
import { EventUrlSigner, eventIdOf } from "./signer";
import type { EventGrant } from "./signer";

export interface EventUrlsOptions {
  /** Secrets of 32 characters or more. The first signs, all verify. The same as the management API's `eventUrlKeys`. */
  readonly keys: readonly string[];
  /** The URL under which people reach the management API, prefix included. */
  readonly publicUrl: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

export interface EventUrlOptions {
  readonly payload?: unknown;
  /** Default: 7 d. 90 d at most. */
  readonly expiresIn?: Duration;
  /** What the page asks whoever follows the link. */
  readonly title?: string;
}

const DEFAULT_LIFE = "7d";
const LONGEST_LIFE_MS = 90 * 86_400_000;
const SETTLED = "This is settled already: nobody waits for the answer.";

/**
 * URLs that raise one event, once and until they expire, for whoever has them: for a mail that asks a person. An activity
 * makes one and sends it; the management API serves it.
 *
 * A URL is for the generation of the instance that runs when it is made: after continue-as-new, a rewind or a restart
 * it is over.
 */
export class EventUrls {
  readonly #client: Client;
  readonly #signer: EventUrlSigner;
  readonly #publicUrl: string;
  readonly #clock: Clock;

  /** @throws InvalidArgumentError */
  constructor(client: Client, { keys, publicUrl, clock }: EventUrlsOptions) {
    this.#client = client;
    this.#signer = new EventUrlSigner(keys);
    this.#publicUrl = publicUrl.replace(/\/+$/, "");
    this.#clock = clock ?? systemClock;
  }

  /**
   * @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished, NotSerializableError,
   * InvalidArgumentError for a bad name or duration, and a payload that is too large for a URL.
   */
  async create(
    instanceId: string,
    event: string | EventDefinition<unknown>,
    options: EventUrlOptions = {},
  ): Promise<EventUrl> {
    const { token, expiresAt } = await this.createToken(instanceId, event, options);
    return { url: `${this.#publicUrl}/events/${token}`, expiresAt: new Date(expiresAt).toISOString() };
  }

  /** What is behind the last slash of a URL. @throws as `create`. */
  async createToken(
    instanceId: string,
    event: string | EventDefinition<unknown>,
    { payload, expiresIn = DEFAULT_LIFE, title }: EventUrlOptions,
  ): Promise<{ readonly token: string; readonly expiresAt: number }> {
    const eventName = nameOf(event, "The event name");
    const lifeMs = durationMs(expiresIn, "expiresIn");
    if (lifeMs > LONGEST_LIFE_MS || lifeMs === 0)
      throw new InvalidArgumentError("expiresIn is 0 or more than 90 days: give a duration between.");
    const { executionId, status } = await this.#client.instance(instanceId).status();
    if (isTerminal(status))
      throw new InvalidInstanceStateError(instanceId, status, "it takes no more events.");
    const expiresAt = this.#clock.now() + lifeMs;
    const token = this.#signer.sign({
      ...{ instanceId, executionId, eventName, expiresAt },
      ...optional("payload", encode(payload, "payload of the event")),
      ...optional("title", title),
    });
    return { token, expiresAt };
  }

  /** What a token allows. @throws Refusal when it is forged, has expired, or was used; or when nobody waits for it. */
  async look(token: string): Promise<EventGrant> {
    const grant = this.#signer.verify(token);
    if (!grant) throw new Refusal(403, "Forbidden", "This link is not valid. Ask for a new one.");
    if (this.#clock.now() >= grant.expiresAt) throw over("This link has expired. Ask for a new one.");
    const handle = this.#client.instance(grant.instanceId);
    if (!(await isOpen(handle, grant))) throw over(SETTLED);
    const history = await handle.history();
    const eventId = eventIdOf(grant);
    if (history.some(({ messageId }) => messageId === eventId))
      throw over("This link has been used already.");
    return grant;
  }

  /** Raises the event of a token. @throws Refusal as `look`. */
  async use(token: string): Promise<EventGrant> {
    const grant = await this.look(token);
    const { instanceId, executionId, eventName } = grant;
    const payload: unknown = grant.payload === undefined ? undefined : JSON.parse(grant.payload);
    try {
      const options = { eventId: eventIdOf(grant), executionId };
      await this.#client.instance(instanceId).raiseEvent(eventName, payload, options);
    } catch (error) {
      if (InvalidInstanceStateError.is(error) || InstanceNotFoundError.is(error)) throw over(SETTLED);
      throw error;
    }
    return grant;
  }
}

async function isOpen(handle: InstanceHandle, { executionId }: EventGrant): Promise<boolean> {
  const status = await handle.tryStatus();
  return status !== undefined && !isTerminal(status.status) && status.executionId === executionId;
}

function over(message: string): Refusal {
  return new Refusal(410, "EventUrlOver", message);
}
