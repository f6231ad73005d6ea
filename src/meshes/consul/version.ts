/** The Consul that Breakwater is made for; toolchain/consul pins the same. */
export { CONSUL_VERSION } from '../../toolchain/consul-tools.ts';
