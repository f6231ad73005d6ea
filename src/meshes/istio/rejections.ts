/** Kind of resource in Envoy's type names, and what it is called in a sidecar. */
const kinds: Readonly<Record<string, string>> = {
  Cluster: 'cluster',
  Listener: 'listener',
  RouteConfiguration: 'route',
  ClusterLoadAssignment: 'endpoints',
};

/**
 * What a sidecar's log says of configuration that its Envoy did not take. Envoy quotes the whole resource,
 * over many lines, before or after its reason; only the reason and the resource's name are kept.
 */
export function rejectionsIn(log: string): string[] {
  return log.split(/^(?=\d{4}-\d\d-\d\dT)/m).flatMap((entry) => {
    const rejected = /config for type\.googleapis\.com\/\S*\.(\w+) rejected: ([\s\S]*)/.exec(entry);
    if (!rejected) return [];
    const [, type = '', said = ''] = rejected;
    const text = said.replace(/\tthread=\d+\s*$/, '');
    const name = /^\s*name: "([^"]+)"/m.exec(text)?.[1];
    const reason = text
      .split('\n')
      // Lines of the quoted resource are indented, open or close a block, or set a field.
      .filter((line) => !/^\s|^\}|^[a-z_]+(:| \{)|^goo\.gle\/debug/.test(line))
      .map((line) => line.replace(/^: /, '').trim())
      .filter(Boolean)
      .join(' ');
    return [
      `${kinds[type] ?? type}${name === undefined ? '' : ` ${name}`}: ${reason || text.trim().slice(0, 300)}`,
    ];
  });
}
