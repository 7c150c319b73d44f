import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { FindingDetails } from "@perdure/http";
import type { Cli, Work } from "../cli";
import { placeText } from "../connection/place";
import { CommandFailure } from "../failures";
import { findingText } from "../output/diagnosis";
import { countText } from "../output/text";

export function doctorCommand(cli: Cli): CommandUnknownOpts {
  return new Command("doctor")
    .summary("look a hub over, and repair it")
    .description(
      "Looks a hub over: whether storage is reachable and whole, clocks, owners, instances that are stuck, messages that are lost, things that nobody owns. With --fix it repairs what can be repaired while workers run. With --json a line of JSON for each finding. Ends with 8 when errors are left.",
    )
    .option("--fix", "repair what can be repaired safely; without it nothing is changed")
    .action(async ({ fix }, command) => {
      const isFixing = fix === true;
      const visit: Work = async ({ client }, terminal, signal) => {
        if (!terminal.isJson) terminal.say(`Looking over ${placeText(cli.place(command))}.`);
        const findings: FindingDetails[] = [];
        for await (const finding of client.doctor({ fix: isFixing, signal })) {
          findings.push(finding);
          if (terminal.isJson) terminal.record(finding);
          else terminal.data(`${findingText(finding, terminal.dataColors)}\n`);
        }
        const left = findings.filter((finding) => finding.severity === "error" && finding.fix?.done !== true);
        if (!terminal.isJson) terminal.data(summaryOf(findings, left, isFixing));
        if (left.length > 0) throw new CommandFailure("findings", "");
      };
      await cli.operate(command, visit, { tolerant: true });
    });
}

function summaryOf(
  findings: readonly FindingDetails[],
  left: readonly FindingDetails[],
  isFixing: boolean,
): string {
  if (findings.length === 0) return "All is well.";
  const repaired = findings.filter(({ fix }) => fix?.done === true).length;
  const fixable = findings.filter(({ fixable: can, fix }) => can && fix?.done !== true).length;
  return [
    countText(findings.length, "finding"),
    ...(repaired > 0 ? [`${repaired} repaired`] : []),
    ...(left.length > 0 ? [`${countText(left.length, "error")} left`] : []),
    ...(!isFixing && fixable > 0 ? [`--fix repairs ${fixable}`] : []),
  ].join(", ");
}
