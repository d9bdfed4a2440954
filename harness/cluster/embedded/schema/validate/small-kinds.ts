import type { KubeObject } from '../../kube-object.ts';
import type { Causes, Json } from './field-causes.ts';
import { checkName, child, invalid, list, number, required, text, texts } from './field-causes.ts';
import { checkFinalizer } from './metadata.ts';
import { qualifiedName } from './names.ts';
import { checkRanges } from './network-policy.ts';
import { checkTaints } from './scheduling.ts';

export function validateNamespace(namespace: KubeObject): Causes {
  const causes: Causes = [];
  for (const finalizer of texts(child(namespace, 'spec'), 'finalizers'))
    checkFinalizer(causes, 'spec.finalizers', undefined, finalizer);
  return causes;
}

export function validateNode(node: KubeObject): Causes {
  const causes: Causes = [];
  const spec = child(node, 'spec');
  checkTaints(causes, list(spec, 'taints'));
  checkRanges(causes, 'spec.podCIDRs', texts(spec, 'podCIDRs'));
  return causes;
}

export function validateLease(lease: KubeObject): Causes {
  const causes: Causes = [];
  const spec = child(lease, 'spec');
  const seconds = number(spec, 'leaseDurationSeconds');
  const transitions = number(spec, 'leaseTransitions');
  if (seconds !== undefined && seconds <= 0)
    causes.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  if (transitions !== undefined && transitions < 0) {
    causes.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return causes;
}

const MOST_WORDS = 128;
const MOST_NOTE = 1024;

export function validateEvent(event: KubeObject): Causes {
  const causes: Causes = [];
  const about = text(child(event, 'involvedObject'), 'namespace');
  // An event about an object of the cluster belongs to the namespace default.
  const home = about === '' ? 'default' : about;
  if (home !== event.metadata.namespace) {
    causes.push(invalid('involvedObject.namespace', about, 'does not match event.namespace'));
  }
  if (typeof event['eventTime'] === 'string') checkNewEvent(causes, event);
  return causes;
}

/** Rules of the newer sort of events, which has a time to the microsecond. */
function checkNewEvent(causes: Causes, event: KubeObject): void {
  const controller = text(event, 'reportingComponent');
  if (controller === '') causes.push(required('reportingComponent'));
  checkName(causes, 'reportingComponent', controller, qualifiedName);
  for (const name of ['reportingInstance', 'action', 'reason']) {
    const value = text(event, name);
    if (value === '') causes.push(required(name));
    if (value.length > MOST_WORDS) causes.push(invalid(name, '', `can have at most ${MOST_WORDS} characters`));
  }
  if (text(event, 'message').length > MOST_NOTE)
    causes.push(invalid('message', '', `can have at most ${MOST_NOTE} characters`));
}

export function validateAccessReview(review: KubeObject): Causes {
  const causes: Causes = [];
  const spec = child(review, 'spec');
  const hasResource = spec?.['resourceAttributes'] !== undefined;
  const url = child(spec, 'nonResourceAttributes');
  if (hasResource && url) {
    causes.push(
      invalid('spec.nonResourceAttributes', asSeen(url), 'cannot be specified in combination with resourceAttributes'),
    );
  } else if (!hasResource && !url) {
    causes.push(
      invalid(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  }
  return causes;
}

/** As the server's own type prints it. */
function asSeen(url: Json): Json {
  return { Path: text(url, 'path'), Verb: text(url, 'verb') };
}

/** About a namespace, which its metadata names. */
export function validateLocalSubjectAccessReview(review: KubeObject): Causes {
  const causes = validateSubjectAccessReview(review);
  const spec = child(review, 'spec');
  const resource = child(spec, 'resourceAttributes');
  const url = child(spec, 'nonResourceAttributes');
  const asked = text(resource, 'namespace');
  if (resource && asked !== (review.metadata.namespace ?? ''))
    causes.push(invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'));
  if (url) causes.push(invalid('spec.nonResourceAttributes', asSeen(url), 'disallowed on this kind of request'));
  return causes;
}

export function validateSubjectAccessReview(review: KubeObject): Causes {
  const causes = validateAccessReview(review);
  const spec = child(review, 'spec');
  if (text(spec, 'user') === '' && texts(spec, 'groups').length === 0) {
    causes.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  }
  return causes;
}
