import type { HubOptions } from "./harness";
import type { Scene } from "./scene";

export interface CaseOptions extends Partial<HubOptions> {
  /** Hours and days must pass. */
  readonly needsVirtualTime?: boolean;
}

/** One thing every backend does, under a name that says it. */
export interface ContractCase {
  readonly name: string;
  readonly options: CaseOptions;
  run(scene: Scene): Promise<void>;
}

export interface Topic {
  readonly title: string;
  readonly cases: readonly ContractCase[];
}

export function contractCase(
  name: string,
  run: (scene: Scene) => Promise<void>,
  options: CaseOptions = {},
): ContractCase {
  return { name, run, options };
}

/** One case for each row of a table. */
export function caseForEach<T>(
  rows: Readonly<Record<string, T>>,
  name: (row: string) => string,
  run: (scene: Scene, value: T) => Promise<void>,
  options: CaseOptions = {},
): readonly ContractCase[] {
  return Object.entries(rows).map(([row, value]) =>
    contractCase(name(row), (scene) => run(scene, value), options),
  );
}
