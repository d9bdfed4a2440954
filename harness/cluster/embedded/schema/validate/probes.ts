import type { Causes, Json } from './field-causes.ts';
import { checkName, checkOneOf, child, forbidden, invalid, list, number, required, text } from './field-causes.ts';
import { headerName, portName } from './names.ts';
import { checkPortNumber } from './ports.ts';

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];
const NOT_NEGATIVE = 'must be greater than or equal to 0';

export function checkLifecycle(causes: Causes, at: string, container: Json, spec: Json): void {
  const lifecycle = child(container, 'lifecycle');
  for (const hook of ['postStart', 'preStop']) {
    const handler = child(lifecycle, hook);
    if (handler)
      checkHandler(causes, `${at}.lifecycle.${hook}`, handler, number(spec, 'terminationGracePeriodSeconds') ?? 0);
  }
}

export function checkProbes(causes: Causes, at: string, container: Json): void {
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = child(container, name);
    if (!probe) continue;
    const field = `${at}.${name}`;
    checkHandler(causes, field, probe, 0);
    for (const part of [
      'initialDelaySeconds',
      'timeoutSeconds',
      'periodSeconds',
      'successThreshold',
      'failureThreshold',
    ]) {
      const value = number(probe, part);
      if (value !== undefined && value < 0) causes.push(invalid(`${field}.${part}`, value, NOT_NEGATIVE));
    }
    checkGracePeriod(causes, field, name, number(probe, 'terminationGracePeriodSeconds'));
    const successes = number(probe, 'successThreshold') ?? 1;
    if (name !== 'readinessProbe' && successes !== 1)
      causes.push(invalid(`${field}.successThreshold`, successes, 'must be 1'));
  }
}

function checkGracePeriod(causes: Causes, field: string, probe: string, seconds: number | undefined): void {
  if (seconds === undefined) return;
  const at = `${field}.terminationGracePeriodSeconds`;
  if (seconds <= 0) causes.push(invalid(at, seconds, 'must be greater than 0'));
  if (probe === 'readinessProbe') causes.push(invalid(at, seconds, 'must not be set for readinessProbes'));
}

function checkHandler(causes: Causes, at: string, handler: Json, graceSeconds: number): void {
  const [first, ...others] = HANDLERS.filter((name) => handler[name] !== undefined);
  if (first === undefined) {
    causes.push(required(at, 'must specify a handler type'));
    return;
  }
  checkAction(causes, `${at}.${first}`, first, child(handler, first) ?? {}, graceSeconds);
  for (const other of others) causes.push(forbidden(`${at}.${other}`, 'may not specify more than 1 handler type'));
}

function checkAction(causes: Causes, at: string, kind: string, action: Json, graceSeconds: number): void {
  switch (kind) {
    case 'exec':
      if (list(action, 'command').length === 0) causes.push(required(`${at}.command`));
      return;
    case 'httpGet':
      if (text(action, 'path') === '') causes.push(required(`${at}.path`));
      checkPort(causes, `${at}.port`, action['port']);
      checkOneOf(causes, `${at}.scheme`, action['scheme'], ['HTTP', 'HTTPS']);
      for (const header of list(action, 'httpHeaders'))
        checkName(causes, `${at}.httpHeaders`, text(header, 'name'), headerName);
      return;
    case 'sleep': {
      const seconds = number(action, 'seconds') ?? 0;
      if (seconds < 0 || seconds > graceSeconds) {
        causes.push(
          invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`),
        );
      }
      return;
    }
    default:
      checkPort(causes, `${at}.port`, action['port']);
  }
}

function checkPort(causes: Causes, field: string, port: unknown): void {
  if (typeof port === 'string') checkName(causes, field, port, portName);
  else checkPortNumber(causes, field, typeof port === 'number' ? port : 0);
}
