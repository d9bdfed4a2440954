import { isMessageSignedBy } from '../../core/protocol/signing.ts';
import { Refused } from '../refusal.ts';
import type { NonceOutcome, NonceStore } from '../stores/nonce-store.ts';
import type { AuthTokens } from './auth-tokens.ts';
import type { ContractSignatures } from './contract-signatures.ts';

/** What a request shows of who sent it. */
export interface Proof {
  /** As it was sent: its spelling is part of the signed text. */
  readonly address: string;
  readonly nonce: string;
  readonly signature?: string | undefined;
  /** The AuthToken header; looked at only when there is no signature. */
  readonly authToken?: string | undefined;
}

/**
 * Answers who asks, then takes the nonce: both before any side effect (A3).
 * @throws Refused with the reason
 */
export interface Authenticator {
  /** `messages` are the texts of which one must be signed. */
  authenticate(proof: Proof, messages: readonly string[], options?: { isEnvironment?: boolean }): Promise<void>;
  /** Whether one of the texts was signed, by the address's key or by the contract that it is (ERC-1271); takes no nonce. */
  isSigned(proof: Pick<Proof, 'address' | 'signature'>, messages: readonly string[]): Promise<boolean>;
  takeNonce(address: string, nonce: string, options?: { isEnvironment?: boolean }): void;
}

export function createAuthenticator(
  nonces: NonceStore,
  tokens: AuthTokens,
  contracts: ContractSignatures,
): Authenticator {
  const isSigned: Authenticator['isSigned'] = async ({ address, signature }, messages) => {
    if (signature === undefined) return false;
    const prefixed = withPrefix(signature);
    // A key's signature costs no question to a chain.
    if (messages.some((message) => isMessageSignedBy(message, prefixed, address))) return true;
    const answers = await Promise.all(messages.map((message) => contracts.isValid(address, message, prefixed)));
    return answers.some((answer) => answer);
  };

  const takeNonce: Authenticator['takeNonce'] = (address, nonce, options = {}) => {
    const outcome = options.isEnvironment ? nonces.takeInWindow(address, nonce) : nonces.take(address, nonce);
    if (!outcome.accepted) throw nonceRefusal(outcome, nonce);
  };

  return {
    isSigned,
    takeNonce,
    async authenticate(proof, messages, options) {
      if (proof.signature !== undefined) {
        if (!(await isSigned(proof, messages))) throw signatureInvalid();
      } else if (proof.authToken !== undefined) {
        await tokens.verify(proof.authToken, proof.address);
      } else {
        throw validation('SIGNATURE_MISSING', 'signature', 'auth.signature', 'The signature field is required.');
      }
      takeNonce(proof.address, proof.nonce, options);
    },
  };
}

export function signatureInvalid(): Refused {
  return validation('SIGNATURE_INVALID', 'signature', 'auth.signature', 'Invalid signature provided.');
}

function nonceRefusal(outcome: Extract<NonceOutcome, { accepted: false }>, sent: string): Refused {
  switch (outcome.problem) {
    case 'invalid':
      return validation('NONCE_INVALID', 'nonce', 'auth.nonce.format', 'The nonce must be a decimal number.');
    case 'too-large':
      return validation('NONCE_TOO_LARGE', 'nonce', 'auth.nonce.limit', 'The nonce must be below 2^53.');
    case 'already-used':
      return validation('NONCE_ALREADY_USED', 'nonce', 'auth.nonce.window', 'The nonce was used already.');
    case 'not-greater':
      return validation(
        'NONCE_NOT_GREATER',
        'nonce',
        'auth.nonce.rising',
        `Invalid signature expected nonce (${outcome.stored ?? ''}) > current nonce (${sent}).`,
      );
  }
}

function validation(
  code:
    | 'SIGNATURE_MISSING'
    | 'SIGNATURE_INVALID'
    | 'NONCE_INVALID'
    | 'NONCE_TOO_LARGE'
    | 'NONCE_ALREADY_USED'
    | 'NONCE_NOT_GREATER',
  field: string,
  rule: string,
  message: string,
): Refused {
  return new Refused({ code, field, rule, message, classic: message }, 'validation');
}

function withPrefix(signature: string): string {
  return signature.startsWith('0x') ? signature : `0x${signature}`;
}
