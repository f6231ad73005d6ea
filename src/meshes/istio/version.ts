/** The Istio that Breakwater is made for; toolchain/istio pins the same. */
export const ISTIO_VERSION = '1.29.1';
