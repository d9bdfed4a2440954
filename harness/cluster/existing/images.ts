import { WavetankError } from '../../../core/errors.ts';
import { canonicalImage, parseImageName } from '../kind/image-names.ts';

/** What algorithms of a lab name; any image with Node 24 and a shell does. */
const NODE = 'node:24';
const DEFAULT_NODE = 'node:24-slim';
/** One with our scripts in /app: `npm run pods-image` builds it. */
const PODS = 'wavetank/pods';

export interface ExistingImages {
  /** The image of the lab's algorithms, as the cluster pulls it. */
  readonly node: string;
  /** The image of our own pods; without one their scripts come with the command, into the image above. */
  readonly pods: string | undefined;
  /** `NAME=REF` */
  readonly standIns: readonly string[];
}

/**
 * The cluster pulls its images itself, so that only those two can be other ones that the testbed names.
 * @param given `NAME=REF`
 * @throws WavetankError IMAGE_STAND_IN_UNUSABLE, IMAGE_NAME_INVALID (usage)
 */
export function imagesFrom(given: readonly string[]): ExistingImages {
  let node = DEFAULT_NODE;
  let pods: string | undefined;
  for (const text of given) {
    const at = text.lastIndexOf('=');
    const [name, reference] = [text.slice(0, at), text.slice(at + 1)];
    parseImageName(reference);
    const { repository } = parseImageName(name);
    if (repository === parseImageName(NODE).repository) node = reference;
    else if (repository === parseImageName(PODS).repository) pods = reference;
    else
      throw new WavetankError('IMAGE_STAND_IN_UNUSABLE', `Nothing can stand in for ${name} in a cluster of yours.`, {
        category: 'usage',
        hint: `The cluster pulls what a job names. Only ${NODE} and ${PODS} can be others.`,
      });
  }
  const standIns = [
    ...(canonicalImage(node) === canonicalImage(NODE) ? [] : [`${NODE}=${node}`]),
    ...(pods === undefined ? [] : [`${PODS}=${pods}`]),
  ];
  return { node, pods, standIns };
}

/** As the DDO of an algorithm has it: name and tag apart. */
export function nameAndTag(reference: string): { readonly image: string; readonly tag: string } {
  const { tag } = parseImageName(reference);
  const [name = reference] = reference.split('@');
  return tag === undefined ? { image: name, tag: 'latest' } : { image: name.slice(0, -tag.length - 1), tag };
}
