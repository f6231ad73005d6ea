import type { Instance } from '../../model/topology.ts';
import { INSTANCE_LABEL } from './names.ts';

/** Labels of one replica, as its workload's pods would have them in a cluster. */
export function instanceLabels(instance: Instance): Record<string, string> {
  const [region, zone, subzone] = instance.locality.split('/');
  return {
    app: instance.service,
    version: 'v1',
    ...instance.labels,
    [INSTANCE_LABEL]: instance.name,
    'topology.kubernetes.io/region': region ?? '',
    'topology.kubernetes.io/zone': zone ?? '',
    ...(subzone === undefined ? {} : { 'topology.istio.io/subzone': subzone }),
    ...(instance.network === undefined ? {} : { 'topology.istio.io/network': instance.network }),
  };
}
