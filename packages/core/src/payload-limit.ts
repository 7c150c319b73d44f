import { PayloadTooLargeError } from "./errors";

/** For backends: refuses what is too large before anything of it is stored (B11). */
export class PayloadLimit {
  constructor(private readonly maxBytes: number) {}

  /** Whether something that is written with that many characters could hold a text beyond the limit. */
  mayExceed(length: number): boolean {
    return length * 3 > this.maxBytes; // a UTF-16 unit takes at most 3 bytes
  }

  /**
   * @param field Name of the field of instance `instanceId` that `value` is.
   * @throws PayloadTooLargeError when some text in `value` is longer than the limit in UTF-8.
   */
  check(value: unknown, instanceId: string, field = "message"): void {
    if (typeof value === "string") this.checkText(value, instanceId, field);
    else if (typeof value === "object" && value !== null) {
      for (const [key, part] of Object.entries(value)) {
        this.check(part, instanceId, Array.isArray(value) ? field : key);
      }
    }
  }

  private checkText(text: string, instanceId: string, field: string): void {
    if (text.length * 3 <= this.maxBytes) return; // a UTF-16 unit takes at most 3 bytes
    const bytes = Buffer.byteLength(text);
    if (bytes > this.maxBytes)
      throw new PayloadTooLargeError(`${field} of '${instanceId}'`, bytes, this.maxBytes);
  }
}
