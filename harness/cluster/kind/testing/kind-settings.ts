/**
 * Of every cluster that tests make. Node images whose iptables lacks the `statistic` match exist: their kube-proxy is stuck for good as soon as a
 * Service has two endpoints, which the cluster's own DNS has.
 */
export const KIND_SETTINGS = { proxyMode: 'nftables' } as const;
