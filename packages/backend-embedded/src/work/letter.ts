import type { TaskMessage } from "@perdure/core";
import type { Key } from "../file/keys";

/** A message in storage, as its receiver's partition holds it. */
export interface Letter {
  /** Tells letters of one instance apart. */
  readonly id: string;
  /** Its row; none yet while its instance is being created. */
  key: Key;
  readonly message: TaskMessage;
  /** When it became visible, milliseconds since the epoch. */
  readonly arrivedAt: number;
  /** Times it has been handed to a session before. */
  deliveryCount: number;
  /** Whether a former owner died and may have had it in hand: that is a delivery which nobody counted. */
  isSuspect: boolean;
}

/** What a row of the inbox or of the timers holds: `[deliveries, arrival, not before, message]`. */
export interface LetterRow {
  readonly deliveryCount: number;
  readonly arrivedAt: number;
  readonly notBefore: number;
  /** Absent for the start of an instance that its own row has as pending. */
  readonly message: TaskMessage | undefined;
}

export function formatLetter({ deliveryCount, arrivedAt, notBefore, message }: LetterRow): string {
  const text = message === undefined ? "null" : JSON.stringify(message);
  return `[${deliveryCount},${arrivedAt},${notBefore},${text}]`;
}

export function parseLetter(text: string): LetterRow {
  const [deliveryCount, arrivedAt, notBefore, message] = JSON.parse(text) as [
    number,
    number,
    number,
    TaskMessage | null,
  ];
  return { deliveryCount, arrivedAt, notBefore, message: message ?? undefined };
}

export function letterId(key: Key): string {
  return key[0] === "timer" ? `timer ${key[3]}` : `${key[3]}`;
}

export function compareLetters(a: Letter, b: Letter): number {
  return a.arrivedAt - b.arrivedAt || numberOf(a.key) - numberOf(b.key);
}

/** Timers come before what arrived in their millisecond. */
function numberOf(key: Key): number {
  return typeof key[3] === "number" ? key[3] : 0;
}
