import type { Quantity } from '../quantity.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';
import type { Causes, Json } from './field-causes.ts';
import { checkName, child, forbidden, invalid, required, text } from './field-causes.ts';
import { qualifiedName } from './names.ts';

const FOR_CONTAINERS = new Set(['cpu', 'memory', 'ephemeral-storage']);
const STANDARD = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export function quantityOf(value: unknown): Quantity {
  return parseQuantity(String(value));
}

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** cpu, memory and the like may be promised to more than there is; devices and huge pages may not. */
function isOvercommitAllowed(name: string): boolean {
  return !name.includes('/') && !isHugePages(name);
}

/** `resources` of a container. */
export function checkResources(causes: Causes, field: string, resources: Json | undefined): void {
  const limits = child(resources, 'limits') ?? {};
  const requests = child(resources, 'requests') ?? {};
  checkAmounts(causes, `${field}.limits`, limits);
  for (const [name, value] of Object.entries(requests)) {
    checkAmounts(causes, `${field}.requests`, { [name]: value });
    const limit = limits[name];
    if (limit !== undefined) checkLimit(causes, field, name, value, limit);
    else if (!isOvercommitAllowed(name)) {
      causes.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'));
    }
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    causes.push(forbidden(field, 'HugePages require cpu or memory'));
  }
}

function checkLimit(causes: Causes, field: string, name: string, request: unknown, limit: unknown): void {
  const order = compareQuantities(quantityOf(request), quantityOf(limit));
  if (order > 0)
    causes.push(
      invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${String(limit)}`),
    );
  else if (order < 0 && !isOvercommitAllowed(name)) {
    causes.push(invalid(`${field}.requests`, request, `must be equal to ${name} limit of ${String(limit)}`));
  }
}

function checkAmounts(causes: Causes, field: string, amounts: Json): void {
  for (const [name, value] of Object.entries(amounts)) {
    const at = `${field}[${name}]`;
    checkResourceName(causes, at, name);
    const amount = quantityOf(value);
    if (amount.nano < 0n) causes.push(invalid(at, value, 'must be greater than or equal to 0'));
    else if (name.includes('/') && amount.nano % 1_000_000_000n !== 0n)
      causes.push(invalid(at, value, 'must be an integer'));
  }
}

function checkResourceName(causes: Causes, at: string, name: string): void {
  checkName(causes, at, name, qualifiedName);
  if (name.includes('/') || isHugePages(name)) return;
  if (!STANDARD.has(name)) causes.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
  if (!FOR_CONTAINERS.has(name)) causes.push(invalid(at, name, 'must be a standard resource for containers'));
}

const CPU_DIVISORS = ['1m', '1'];
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** The divisor of a `resourceFieldRef`; "0" stands for 1. */
export function checkDivisor(causes: Causes, field: string, reference: Json): void {
  const resource = text(reference, 'resource');
  const divisor = String(reference['divisor'] ?? '0');
  if (divisor === '0') return;
  const isCpu = resource.endsWith('.cpu');
  if ((isCpu ? CPU_DIVISORS : BYTE_DIVISORS).includes(divisor)) return;
  const list = isCpu ? '1m and 1' : '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei';
  const name = resource.slice(resource.indexOf('.') + 1);
  causes.push(
    invalid(`${field}.divisor`, resource, `only divisor's values ${list} are supported with the ${name} resource`),
  );
}
