/** What GitHub's runner makes of a line of a log, by its rules; undefined where it is no command. */
export function runnerReads(line: string):
  | {
      readonly command: string;
      readonly properties: Readonly<Record<string, string>>;
      readonly data: string;
    }
  | undefined {
  const text = line.replace(/\n$/, '').trimStart();
  if (!text.startsWith('::')) return undefined;
  const end = text.indexOf('::', 2);
  if (end < 0) return undefined;
  const head = text.slice(2, end);
  const blank = head.indexOf(' ');
  const pairs = blank < 0 ? [] : head.slice(blank + 1).split(',');
  return {
    command: blank < 0 ? head : head.slice(0, blank),
    properties: Object.fromEntries(
      pairs
        .map((pair) => pair.trim().split(/=(.*)/s).slice(0, 2))
        .filter(([name, value]) => name && value)
        .map(([name = '', value = '']) => [
          name,
          unescaped(value).replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%'),
        ]),
    ),
    data: unescaped(text.slice(end + 2)).replaceAll('%25', '%'),
  };
}

const unescaped = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n');

/** The outputs in a file of GITHUB_OUTPUT. */
export function runnerReadsOutputs(text: string): Readonly<Record<string, string>> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const long = /^([^=]*?)<<(.+)$/.exec(line);
    if (long) {
      const [, name = '', end] = long;
      const to = lines.indexOf(end ?? '', at + 1);
      if (to < 0) throw new Error(`${name} has no end`);
      outputs[name] = lines.slice(at + 1, to).join('\n');
      at = to;
    } else if (line !== '') {
      const [name = '', value = ''] = line.split(/=(.*)/s);
      outputs[name] = value;
    }
  }
  return outputs;
}
