import type { QueueStore, Storage } from "../../src/storage/storage";

/** What a queue was asked to hide, and how often a look at it brought nothing. */
export class QueueObserver {
  emptyReceives = 0;
  readonly hiddenSeconds: number[] = [];

  /** The same storage, its queues observed. */
  observe(storage: Storage): Storage {
    return {
      table: (name, options) => storage.table(name, options),
      container: (name) => storage.container(name),
      keepTime: (keeper) => storage.keepTime?.(keeper),
      close: () => storage.close(),
      queue: (name) => this.queue(storage.queue(name)),
    };
  }

  private queue(queue: QueueStore): QueueStore {
    return {
      createIfMissing: () => queue.createIfMissing(),
      deleteIfPresent: () => queue.deleteIfPresent(),
      delete: (receipt) => queue.delete(receipt),
      peek: (count) => queue.peek(count),
      count: () => queue.count(),
      put: (text, seconds) => {
        this.hiddenSeconds.push(seconds);
        return queue.put(text, seconds);
      },
      update: (receipt, seconds, text) => {
        this.hiddenSeconds.push(seconds);
        return queue.update(receipt, seconds, text);
      },
      receive: async (count, seconds) => {
        const received = await queue.receive(count, seconds);
        if (received.length === 0) this.emptyReceives++;
        return received;
      },
    };
  }
}
