/** What stands in the output after each command line. */
export function endMark(index: number, exitCode: number): string {
  return `\n<end of ${index}: ${exitCode}>\n`;
}

/** What each command line wrote and ended with. */
export function betweenMarks(
  output: string,
): readonly { readonly text: string; readonly exitCode: number }[] {
  const text = output.replaceAll("\r\n", "\n");
  const marks = [...text.matchAll(/\n<end of \d+: (\d+)>\n/g)];
  return marks.map((mark, place) => {
    const former = marks[place - 1];
    const start = former ? former.index + former[0].length : 0;
    return { text: text.slice(start, mark.index), exitCode: Number(mark[1]) };
  });
}
