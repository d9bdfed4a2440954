/**
 * Takes secrets out of text that leaves a component: URL queries and credentials (they carry capabilities and
 * signatures), bearer tokens, and 32-byte hex values under a name that says they are a key.
 * A transaction hash is 32 bytes of hex too, so hex alone is no reason to hide a value.
 */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/(https?:\/\/)[^\s"'\\/@]+:[^\s"'\\/@]+@/gi, '$1***@'],
  [/(https?:\/\/[^\s"'\\?]+)\?[^\s"'\\]*/gi, '$1?***'],
  [/\b(bearer|authtoken)([\s":=]+)[A-Za-z0-9._~+/-]{8,}=*/gi, '$1$2***'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, '***'],
  [/("?(?:private_?key|secret_?key|secret|password|token|capability|signature)"?\s*[:=]\s*"?)[^\s",}]{6,}/gi, '$1***'],
];

export function redact(text: string): string {
  return RULES.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}

/** Whether a field of this name is hidden whatever its value looks like. */
export function isSecretName(name: string): boolean {
  return /^(private_?key|secret(_?key)?|password|(auth|bearer|stage)?_?token|capability|signature|authorization)$/i.test(
    name,
  );
}
