import type { BackfillOptions, ScheduleOptions, ScheduleUpdate, TriggerOptions } from "@perdure/client";
import type { ScheduleDetails } from "../contract/schedules";
import { listing } from "./pages";
import type { Listing } from "./pages";
import { segment } from "./paths";
import type { RequestOptions, Transport } from "./transport";

/** Which orchestration a schedule starts, by name, and when. */
export type NewSchedule = Omit<ScheduleOptions, "orchestration"> & { readonly orchestration: string };

/** Recurring starts. What names one may throw ScheduleNotFoundError. */
export class ManagementSchedules {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @throws ScheduleAlreadyExistsError, InvalidArgumentError, NotSerializableError, PayloadTooLargeError */
  async create(schedule: NewSchedule): Promise<ScheduleDetails> {
    return (await this.#transport.request<ScheduleDetails>("POST", "/schedules", { body: schedule })).body;
  }

  list(): Listing<ScheduleDetails> {
    return listing(this.#transport, "/schedules", {});
  }

  /** `nextTimes`: how many times to come to tell, 0 to 1,000. Default: 5. */
  async describe(id: string, { nextTimes }: { readonly nextTimes?: number } = {}): Promise<ScheduleDetails> {
    const query = { nextTimes };
    return (await this.#transport.request<ScheduleDetails>("GET", pathOf(id), { query })).body;
  }

  /** @throws InvalidArgumentError, NotSerializableError */
  async update(id: string, changes: ScheduleUpdate): Promise<void> {
    await this.#transport.request("PATCH", pathOf(id), { body: changes });
  }

  /** It starts nothing until `resume`. What runs goes on. */
  async pause(id: string, reason?: string): Promise<void> {
    await this.act(id, "pause", { query: { reason } });
  }

  async resume(id: string): Promise<void> {
    await this.act(id, "resume");
  }

  /** Starts a run now, whether paused or not. */
  async trigger(id: string, { overlapPolicy }: TriggerOptions = {}): Promise<void> {
    await this.act(id, "trigger", { query: { overlapPolicy } });
  }

  /** Starts the runs of a range of times. @throws InvalidArgumentError */
  async backfill(id: string, options: BackfillOptions): Promise<void> {
    await this.act(id, "backfill", { body: options });
  }

  /** Ends the schedule. What runs goes on. */
  async delete(id: string): Promise<void> {
    await this.#transport.request("DELETE", pathOf(id));
  }

  private async act(id: string, action: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.request("POST", `${pathOf(id)}/${action}`, options);
  }
}

function pathOf(id: string): string {
  return `/schedules/${segment(id, "The schedule id")}`;
}
