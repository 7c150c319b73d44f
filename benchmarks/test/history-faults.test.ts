import type { HistoryEvent } from "perdure";
import { historyFaults } from "../crash/history-faults";

const timestamp = 0;
const started: HistoryEvent = {
  type: "ExecutionStarted",
  timestamp,
  executionId: "e",
  name: "o",
  messageId: "m0",
};
const scheduled: HistoryEvent = { type: "TaskScheduled", timestamp, eventId: 0, name: "a" };
const timer: HistoryEvent = { type: "TimerCreated", timestamp, eventId: 1, fireAt: 5 };
const completed: HistoryEvent = { type: "TaskCompleted", timestamp, taskScheduledId: 0 };
const fired: HistoryEvent = { type: "TimerFired", timestamp, timerId: 1, fireAt: 5 };
const raised: HistoryEvent = { type: "EventRaised", timestamp, name: "step", messageId: "m1" };
const ended: HistoryEvent = { type: "ExecutionCompleted", timestamp, status: "Completed" };

describe("historyFaults", () => {
  it("finds nothing wrong with a history that has every fact once", () => {
    expect(historyFaults([started, scheduled, timer, raised, completed, fired, ended])).toEqual([]);
  });

  it.each([
    ["a second end", [started, ended, ended], "2 × ExecutionCompleted"],
    ["no start", [ended], "0 × ExecutionStarted"],
    ["events after the end", [started, ended, raised], "ExecutionCompleted is not the last event"],
    ["a decision missing", [started, timer, fired, ended], "event ids 1"],
    [
      "a result twice",
      [started, scheduled, completed, completed, ended],
      "TaskCompleted of 0, which is not open",
    ],
    ["a message twice", [started, raised, raised, ended], "EventRaised twice from message m1"],
  ] as const)("finds %s", (_what, history, fault) => {
    expect(historyFaults(history)).toEqual([fault]);
  });
});
