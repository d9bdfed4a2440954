/** Tries are whole sequences in namespaces of their own, so there are not many. */
const MOST_TRIES = 40;

/**
 * Fewer steps that still show the difference at their last one: halves, quarters and so on of what comes before are left out.
 * @param stillDiffers runs the steps and says whether the last of them is still answered differently
 */
export async function shrink<T>(
  steps: readonly T[],
  stillDiffers: (steps: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  const last = steps.slice(-1);
  let kept = steps.slice(0, -1);
  let tries = 0;
  for (let size = Math.max(1, Math.ceil(kept.length / 2)); kept.length > 0; size = Math.ceil(size / 2)) {
    for (let start = 0; start < kept.length && tries < MOST_TRIES;) {
      const fewer = [...kept.slice(0, start), ...kept.slice(start + size)];
      tries += 1;
      if (await stillDiffers([...fewer, ...last])) kept = fewer;
      else start += size;
    }
    if (size === 1 || tries >= MOST_TRIES) break;
  }
  return [...kept, ...last];
}
