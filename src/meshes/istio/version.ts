/** The Istio that Breakwater is made for; toolchain/istio pins the same. */
export { ISTIO_VERSION } from '../../toolchain/istio-tools.ts';
