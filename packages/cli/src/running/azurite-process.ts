/**
 * The process of a storage emulator: Azurite itself, which ends when the process that started it is gone. Its program is
 * the first argument, the others are Azurite's.
 */
const PATIENCE_MS = 3000;

process.on("disconnect", () => {
  process.kill(process.pid, "SIGTERM"); // it saves its data
  setTimeout(() => process.exit(), PATIENCE_MS).unref();
});
process.channel?.unref(); // the channel alone does not keep it alive

const [program = ""] = process.argv.splice(2, 1);
// eslint-disable-next-line @typescript-eslint/no-require-imports -- a program of CommonJS, known by its path only
require(program);
