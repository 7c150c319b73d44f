"use strict";

// The process of the emulator: Azurite itself, which ends when the process that started it is gone.

process.on("disconnect", () => {
  // Azurite saves its data on this signal; if a client keeps it from closing, do not wait for ever.
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(), 3000).unref();
});
// The channel alone must not keep the process alive once Azurite has closed its servers.
process.channel?.unref();

require("azurite/dist/src/azurite.js");
