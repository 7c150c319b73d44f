import { describeBackend } from "@perdure/backend-conformance";
import { emulator } from "./support/emulator";

describeBackend("Azure Storage, on the emulator: features", emulator, "features");
