import type { Instance } from '../../model/topology.ts';

/** The labels of an instance, and where it is, as subsets name them: `Service.Meta.zone == "zone-east"`. */
export function metaOf({
  service,
  labels,
  locality,
}: Pick<Instance, 'service' | 'labels' | 'locality'>): Readonly<Record<string, string>> {
  const [region = '', zone = '', subzone] = locality.split('/');
  const all = {
    app: service,
    version: 'v1',
    ...labels,
    region,
    zone,
    ...(subzone === undefined ? {} : { subzone }),
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [metaName(name), value]));
}

/** A label's name with what Consul takes in one of metadata. */
const metaName = (label: string) => label.replaceAll(/[^A-Za-z0-9_-]/g, '_');
