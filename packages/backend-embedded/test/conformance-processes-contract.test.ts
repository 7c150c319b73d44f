import { describeBackend } from "@perdure/backend-conformance";
import { endProcesses, processes } from "./processes/harness";

afterAll(endProcesses);

describeBackend("embedded, processes: contract", processes, "contract");
