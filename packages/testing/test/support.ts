import { TestHost } from "../src";
import type { TestHostOptions } from "../src";

/** Uses a host and stops it. */
export async function using<T>(options: TestHostOptions, use: (host: TestHost) => Promise<T>): Promise<T> {
  const host = await TestHost.start(options);
  try {
    return await use(host);
  } finally {
    await host.stop();
  }
}
