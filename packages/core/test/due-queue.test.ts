import * as fc from "fast-check";
import { VirtualClock } from "../src/virtual-clock";
import { DueQueue } from "../src/due-queue";
import { isOpen } from "./support/is-open";

const item = fc.integer({ min: 0, max: 9 });
const operation = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), item, dueAt: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ kind: fc.constant("delete" as const), item }),
  fc.record({ kind: fc.constant("take" as const), now: fc.integer({ min: 0, max: 20 }) }),
);

/** The same, by the simplest means. */
class Model {
  #entries: { item: number; dueAt: number }[] = [];

  set(one: number, dueAt: number): void {
    if (this.#entries.some((entry) => entry.item === one && entry.dueAt === dueAt)) return;
    this.delete(one);
    this.#entries.push({ item: one, dueAt });
  }

  delete(one: number): void {
    this.#entries = this.#entries.filter((entry) => entry.item !== one);
  }

  take(now: number): number | undefined {
    const [first] = [...this.#entries].sort((a, b) => a.dueAt - b.dueAt);
    if (!first || first.dueAt > now) return undefined;
    this.delete(first.item);
    return first.item;
  }
}

describe("DueQueue", () => {
  it("gives what is due first, and of equals what was queued first", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
        const queue = new DueQueue<number>();
        const model = new Model();
        for (const step of operations) {
          if (step.kind === "set") {
            queue.set(step.item, step.dueAt);
            model.set(step.item, step.dueAt);
          } else if (step.kind === "delete") {
            queue.delete(step.item);
            model.delete(step.item);
          } else expect(queue.take(step.now)).toBe(model.take(step.now));
        }
        for (let rest = 0; rest < 10; rest++) expect(queue.take(20)).toBe(model.take(20));
      }),
    );
  });

  it("wakes those who wait when something is due earlier than before", async () => {
    const clock = new VirtualClock();
    const queue = new DueQueue<string>();
    queue.set("later", clock.now() + 1000);
    const waiting = queue.wait(clock);
    expect(await isOpen(waiting)).toBe(true);

    queue.set("latest", clock.now() + 2000);
    expect(await isOpen(waiting)).toBe(true);
    queue.set("sooner", clock.now() + 500);

    expect(await isOpen(waiting)).toBe(false);
    expect(clock.nextDue).toBeUndefined();
  });
});
