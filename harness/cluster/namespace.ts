/** Where jobs live, unless a cluster's owner says otherwise. */
export const NAMESPACE = 'ocean-jobs';
