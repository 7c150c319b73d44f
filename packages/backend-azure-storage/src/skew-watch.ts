import { BackendConfigurationError, spanText } from "@perdure/core";
import type { Logger } from "@perdure/core";
import type { ClockSkew } from "./storage-clock";

/** Refuses a machine's clock that is far from storage's, or tells of it when that is found later. */
export class SkewWatch {
  #isBeyond = false;

  constructor(
    private readonly maxMs: number,
    private readonly logger: Logger,
  ) {}

  /** @throws BackendConfigurationError */
  assertClose(skew: ClockSkew | undefined): void {
    this.#isBeyond = false;
    if (!skew || !this.isBeyond(skew)) return;
    throw new BackendConfigurationError(
      `${sentence(skew)}, more than the ${spanText(this.maxMs)} of 'maxClockSkew'. Set the clock, best by time synchronisation (NTP), or allow for more.`,
    );
  }

  /** Time goes on by storage's clock; somebody should know that the machine's is wrong. */
  look(skew: ClockSkew | undefined): void {
    if (!skew || this.isBeyond(skew) === this.#isBeyond) return;
    this.#isBeyond = !this.#isBeyond;
    if (this.#isBeyond)
      this.logger.warn(`${sentence(skew)}. Timers go by storage's; set the machine's.`, { ...skew });
    else this.logger.info("This machine's clock agrees with storage's again.", { ...skew });
  }

  /** For certain. */
  private isBeyond({ aheadMs, uncertaintyMs }: ClockSkew): boolean {
    return Math.abs(aheadMs) - uncertaintyMs > this.maxMs;
  }
}

function sentence({ aheadMs }: ClockSkew): string {
  return `This machine's clock is ${spanText(aheadMs)} ${aheadMs > 0 ? "ahead of" : "behind"} storage's`;
}
