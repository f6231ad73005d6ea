/** Kind of resource in Envoy's type names, and what it is called in a sidecar. */
const kinds: Readonly<Record<string, string>> = {
  Cluster: 'cluster',
  Listener: 'listener',
  RouteConfiguration: 'route',
  ClusterLoadAssignment: 'endpoints',
};

/** Entries of a log that begin with a time; one may have many lines. */
const logEntries = (log: string) => log.split(/^(?=\d{4}-\d\d-\d\dT)/m);

/**
 * Envoy quotes the whole resource, over many lines, before or after its reason; only the reason and the
 * resource's name are kept.
 */
function explainRejection(said: string): {
  readonly name: string | undefined;
  readonly reason: string;
} {
  const text = said.replace(/\tthread=\d+\s*$/, '');
  const reason = text
    .split('\n')
    // Lines of the quoted resource are indented, open or close a block, or set a field.
    .filter((line) => !/^\s|^\}|^[a-z_]+(:| \{)|^goo\.gle\/debug/.test(line))
    .map((line) => line.replace(/^: /, '').trim())
    .filter(Boolean)
    .join(' ');
  return { name: /^\s*name: "([^"]+)"/m.exec(text)?.[1], reason: reason || text.trim().slice(0, 300) };
}

/** What a sidecar's log says of configuration that its Envoy did not take. */
export function rejectionsIn(log: string): string[] {
  return logEntries(log).flatMap((entry) => {
    const rejected = /config for type\.googleapis\.com\/\S*\.(\w+) rejected: ([\s\S]*)/.exec(entry);
    if (!rejected) return [];
    const [, type = '', said = ''] = rejected;
    const { name, reason } = explainRejection(said);
    return [`${kinds[type] ?? type}${name === undefined ? '' : ` ${name}`}: ${reason}`];
  });
}
