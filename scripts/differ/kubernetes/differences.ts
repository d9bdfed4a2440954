import type { Answer, Step } from './step.ts';

/** One request and what became of it on both sides, made comparable. */
export interface Pair {
  readonly step: Step;
  readonly real: Answer;
  readonly embedded: Answer;
}

/** A difference that is meant, or that no client can rely on. docs/fidelity-kubernetes.md shows every one. */
export interface AcceptedDifference {
  readonly id: string;
  readonly reason: string;
  /** @returns the pair without this difference; the same one when it has none of it */
  readonly without: (pair: Pair) => Pair;
}

type Fields = Record<string, unknown>;
type Status = Fields & { message?: string; details?: Fields & { causes?: Cause[] } };
interface Cause {
  readonly field?: string;
  readonly message?: string;
  readonly reason?: string;
}

/** Changes both bodies in the same way, wherever an object satisfies the rule. */
function everywhere(change: (object: Fields) => Fields): AcceptedDifference['without'] {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(change(value as Fields)).map(([name, item]) => [name, walk(item)]));
  };
  return ({ step, real, embedded }) => ({
    step,
    real: { ...real, body: walk(real.body) },
    embedded: { ...embedded, body: walk(embedded.body) },
  });
}

/** Changes both Statuses, when both servers refused. */
function refusals(change: (status: Status, step: Step) => Status): AcceptedDifference['without'] {
  return (pair) => {
    const { step, real, embedded } = pair;
    if (real.code < 400 || real.code !== embedded.code) return pair;
    const changed = (answer: Answer): Answer =>
      typeof answer.body === 'object' && answer.body !== null
        ? { ...answer, body: change(answer.body as Status, step) }
        : answer;
    return { step, real: changed(real), embedded: changed(embedded) };
  };
}

/** The Status with other words for its causes, from which its message follows. */
function withCauses(status: Status, change: (causes: readonly Cause[]) => readonly Cause[]): Status {
  const causes = status.details?.causes;
  if (causes === undefined) return status;
  const changed = change(causes);
  return { ...status, message: `<${changed.length} causes>`, details: { ...status.details, causes: [...changed] } };
}

function isPatch(step: Step, type: string): boolean {
  return step.headers['content-type'] === `application/${type}+json`;
}

const withoutVersions = everywhere((object) => {
  const { resourceVersion: _version, ...rest } = object;
  return rest;
});

const withoutProtection = everywhere((object) => {
  const { finalizers, ...rest } = object;
  if (!Array.isArray(finalizers)) return object;
  const kept = finalizers.filter((name) => name !== 'kubernetes.io/pvc-protection');
  return kept.length === 0 ? rest : { ...rest, finalizers: kept };
});

function bookmarksLast(answer: Answer): Answer {
  const { body } = answer;
  if (!Array.isArray(body)) return answer;
  const isBookmark = (event: unknown): boolean => (event as Fields | null)?.['type'] === 'BOOKMARK';
  // Others come when time has passed.
  const ending = body.filter((event) => isBookmark(event) && JSON.stringify(event).includes('initial-events-end'));
  return { ...answer, body: [...body.filter((event) => !isBookmark(event)), ...ending] };
}

export const ACCEPTED_DIFFERENCES: readonly AcceptedDifference[] = [
  {
    id: 'causes-once',
    reason: 'A cause is told once; a real server tells it as often as its layers find it',
    without: refusals((status) =>
      withCauses(status, (causes) => [...new Map(causes.map((cause) => [JSON.stringify(cause), cause])).values()]),
    ),
  },
  {
    id: 'patch-quoted',
    reason: 'A patch that does not fit is quoted as the object it makes, whose fields come in another order',
    without: refusals((status, step) => {
      if (step.method !== 'PATCH') return status;
      const isStrategic = isPatch(step, 'strategic-merge-patch');
      return withCauses(status, (causes) =>
        causes.map((cause) => {
          if (cause.field !== 'patch') return cause;
          // The converter of strategic patches has words of its own for a wrong type.
          return {
            ...cause,
            message: isStrategic
              ? '<patch>'
              : (cause.message
                  ?.replace(/^Invalid value: ".*?[^\\]": /s, '<patch> ')
                  .replace(/(is missing in) .*/s, '$1 <patch>') ?? ''),
          };
        }),
      );
    }),
  },
  {
    id: 'changed-lines',
    reason: 'A refused update does not list the changed lines, which name internal types',
    without: refusals((status) =>
      withCauses(status, (causes) =>
        causes.map((cause) => ({ ...cause, message: cause.message?.split('\n')[0] ?? '' })),
      ),
    ),
  },
  {
    id: 'prose',
    reason: 'Descriptions of built-in fields and columns are not kept',
    without: everywhere((object) => {
      if (!('description' in object && 'priority' in object && 'format' in object)) return object;
      const { description, ...rest } = object;
      return String(description).startsWith('Custom resource definition column') ? object : rest;
    }),
  },
  {
    id: 'server-side-apply',
    reason: 'Server-side apply is not served, so it is not offered either',
    without: refusals((status) => ({
      ...status,
      ...(status.message === undefined
        ? {}
        : { message: status.message.replace(', application/apply-patch+yaml', '') }),
    })),
  },
  {
    id: 'node-taint',
    reason: 'New nodes are not tainted not-ready',
    without: everywhere((object) => {
      const taints = object['taints'];
      if (!Array.isArray(taints)) return object;
      const kept = taints.filter((taint) => (taint as Fields)['key'] !== 'node.kubernetes.io/not-ready');
      const { taints: _taints, ...rest } = object;
      return kept.length === 0 ? rest : { ...object, taints: kept };
    }),
  },
  {
    id: 'volume-protection',
    reason: 'Volumes have no protection finalizer, and no time of their last phase',
    without: everywhere((object) => {
      const { lastPhaseTransitionTime: _time, ...rest } = object;
      const finalizers = rest['finalizers'];
      if (!Array.isArray(finalizers) || !finalizers.includes('kubernetes.io/pv-protection')) return rest;
      const kept = finalizers.filter((name) => name !== 'kubernetes.io/pv-protection');
      const { finalizers: _finalizers, ...others } = rest;
      return kept.length === 0 ? others : { ...rest, finalizers: kept };
    }),
  },
  {
    id: 'continue-words',
    reason: 'A continue token is refused without a word about what is wrong with its encoding',
    without: refusals((status) => ({
      ...status,
      ...(status.message === undefined
        ? {}
        : { message: status.message.replace(/(continue key is not valid).*/s, '$1') }),
    })),
  },
  {
    id: 'current-version',
    reason: 'Versions count the changes of this server',
    without: refusals((status) => ({
      ...status,
      ...(status.message === undefined ? {} : { message: status.message.replace(/(current: )\d+/, '$1<version>') }),
    })),
  },
  {
    id: 'bookmark-place',
    reason: 'The bookmark that ends the initial events comes right after them; a real one may be overtaken by changes',
    without: ({ step, real, embedded }) => ({ step, real: bookmarksLast(real), embedded: bookmarksLast(embedded) }),
  },
  {
    id: 'bookmark-fields',
    reason: 'A bookmark has kind and version alone; a real one shows the empty fields of its type too',
    without: everywhere((object) => {
      if (object['type'] !== 'BOOKMARK') return object;
      const { kind, apiVersion, metadata } = object['object'] as Fields;
      return { ...object, object: { kind, apiVersion, metadata } };
    }),
  },
  {
    id: 'claim-versions',
    reason:
      'Nothing writes a claim that waits for a volume; on a real cluster controllers do, without a change to be seen',
    without: (pair) => (pair.step.path.includes('/persistentvolumeclaims') ? withoutVersions(pair) : pair),
  },
  {
    id: 'strategic-faults',
    reason:
      'A strategic merge patch with several faults is refused for the one that is met first, which is not always the same',
    without: (pair) => {
      const isRefused = pair.real.code >= 400 && pair.embedded.code >= 400;
      return isRefused && isPatch(pair.step, 'strategic-merge-patch') ? { ...pair, real: pair.embedded } : pair;
    },
  },
  {
    id: 'broken-off',
    reason:
      'A real server breaks the connection off at a strategic merge patch whose merge key is an object or a list; here it is refused',
    without: (pair) =>
      pair.real.code === 0 && pair.embedded.code >= 400 && isPatch(pair.step, 'strategic-merge-patch')
        ? { ...pair, real: pair.embedded }
        : pair,
  },
  {
    id: 'claim-protection',
    reason: 'The finalizer of a claim is put on when it is made; on a real cluster a controller puts it back as well',
    without: (pair) => (pair.step.path.includes('/persistentvolumeclaims') ? withoutProtection(pair) : pair),
  },
  {
    id: 'which-binding',
    reason: 'Of several bindings that allow something the first one is named; a real server names any of them',
    without: everywhere((object) => {
      const reason = object['reason'];
      const isNamed = object['allowed'] === true && typeof reason === 'string' && reason.startsWith('RBAC: allowed by');
      return isNamed ? { ...object, reason: 'RBAC: allowed' } : object;
    }),
  },
  {
    id: 'binding-role',
    reason: 'A binding whose role cannot be looked up is refused by validation, not in the words of the authorizer',
    without: (pair) => {
      const isBinding = /bindings(\/|\?|$)/.test(pair.step.path);
      const isLookup = pair.real.code === 500 || (pair.real.body as Status).message === 'Name parameter required.';
      return isBinding && isLookup && pair.embedded.code >= 400 ? { ...pair, real: pair.embedded } : pair;
    },
  },
  {
    id: 'established-at-once',
    reason: 'A definition has no stored versions and conditions before it is established',
    without: everywhere((object) => {
      if (!('acceptedNames' in object && 'storedVersions' in object)) return object;
      const { storedVersions: _versions, conditions: _conditions, ...rest } = object;
      return rest;
    }),
  },
];
