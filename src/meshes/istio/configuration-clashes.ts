import { valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import { fullHost, texts } from './configuration-hosts.ts';
import type { PlacedResource } from './configuration-resources.ts';
import { OUTSIDE_NAMESPACE, ROOT_NAMESPACE, serviceHost } from './names.ts';

const ours = 'breakwater-';

/** Resources that would take the place of those that stand for the topology. */
export function clashes(resources: readonly PlacedResource[], topology: TopologyPlan): Problem[] {
  const hosts = topology.services.map(({ name }) => serviceHost(name, topology.namespace));
  return resources.flatMap((resource) => {
    const { kind, name, namespace, value } = resource;
    if (name.startsWith(ours) && (namespace === topology.namespace || namespace === ROOT_NAMESPACE)) {
      const message = `names that begin with ${ours} are for the resources that stand for the topology`;
      return [resource.problem(['metadata', 'name'], message, 'choose another name')];
    }
    if (namespace === OUTSIDE_NAMESPACE) {
      const message = `the namespace ${OUTSIDE_NAMESPACE} is for clients outside the mesh, for whom nothing under test holds`;
      return [resource.problem(['metadata', 'namespace'], message, 'choose another namespace')];
    }
    if (kind === 'Sidecar') {
      const message = 'Breakwater gives every workload a Sidecar of its own, and a second one is ignored';
      return [resource.problem(['kind'], message, 'leave it out; the other kinds can be tested')];
    }
    if (
      kind === 'PeerAuthentication' &&
      name === 'default' &&
      namespace === ROOT_NAMESPACE &&
      topology.mtls === 'strict'
    ) {
      const message = 'mesh.mtls: strict makes this resource already';
      return [
        resource.problem(
          ['metadata', 'name'],
          message,
          'set mesh.mtls to permissive, or test one for a namespace',
        ),
      ];
    }
    if (kind !== 'ServiceEntry') return [];
    return texts(valueAt(value, ['spec', 'hosts'])).flatMap((host, index) =>
      hosts.includes(fullHost(host, namespace))
        ? [
            resource.problem(
              ['spec', 'hosts', index],
              `${host} is a service of the topology, which makes this entry`,
            ),
          ]
        : [],
    );
  });
}
