import type { Causes, Json } from './field-causes.ts';
import { checkName, child, forbidden, invalid, list, required, text, texts } from './field-causes.ts';
import { checkLabels } from './metadata.ts';
import { labelValue, qualifiedName } from './names.ts';

const WITH_VALUES = "must be specified when `operator` is 'In' or 'NotIn'";
const WITHOUT_VALUES = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
const NO_OPERATOR = 'not a valid selector operator';

export function checkLabelSelector(causes: Causes, field: string, selector: Json | undefined): void {
  if (!selector) return;
  checkLabels(causes, `${field}.matchLabels`, child(selector, 'matchLabels'));
  for (const [index, requirement] of list(selector, 'matchExpressions').entries()) {
    checkRequirement(causes, `${field}.matchExpressions[${index}]`, requirement);
  }
}

function checkRequirement(causes: Causes, field: string, requirement: Json): void {
  const operator = text(requirement, 'operator');
  const values = texts(requirement, 'values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) causes.push(required(`${field}.values`, WITH_VALUES));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) causes.push(forbidden(`${field}.values`, WITHOUT_VALUES));
  } else {
    causes.push(invalid(`${field}.operator`, operator, NO_OPERATOR));
  }
  checkName(causes, `${field}.key`, text(requirement, 'key'), qualifiedName);
  for (const [index, value] of values.entries()) checkName(causes, `${field}.values[${index}]`, value, labelValue);
}

export function checkNodeSelectorTerm(causes: Causes, field: string, term: Json | undefined): void {
  for (const [index, requirement] of list(term, 'matchExpressions').entries()) {
    checkNodeRequirement(causes, `${field}.matchExpressions[${index}]`, requirement);
  }
  for (const [index, requirement] of list(term, 'matchFields').entries()) {
    checkNodeField(causes, `${field}.matchFields[${index}]`, requirement);
  }
}

export function checkNodeSelector(causes: Causes, field: string, selector: Json | undefined): void {
  if (!selector) return;
  const terms = list(selector, 'nodeSelectorTerms');
  if (terms.length === 0)
    causes.push(required(`${field}.nodeSelectorTerms`, 'must have at least one node selector term'));
  for (const [index, term] of terms.entries())
    checkNodeSelectorTerm(causes, `${field}.nodeSelectorTerms[${index}]`, term);
}

function checkNodeRequirement(causes: Causes, field: string, requirement: Json): void {
  const operator = text(requirement, 'operator');
  const values = texts(requirement, 'values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) causes.push(required(`${field}.values`, WITH_VALUES));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) causes.push(forbidden(`${field}.values`, WITHOUT_VALUES));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      causes.push(required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else {
    causes.push(invalid(`${field}.operator`, operator, NO_OPERATOR));
  }
  checkName(causes, `${field}.key`, text(requirement, 'key'), qualifiedName);
}

/** The one field of a node that affinity may name. */
function checkNodeField(causes: Causes, field: string, requirement: Json): void {
  const operator = text(requirement, 'operator');
  const values = texts(requirement, 'values');
  if (operator !== 'In' && operator !== 'NotIn') causes.push(invalid(`${field}.operator`, operator, NO_OPERATOR));
  else if (values.length !== 1) {
    causes.push(
      required(`${field}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
    );
  }
  const key = text(requirement, 'key');
  if (key !== 'metadata.name') causes.push(invalid(`${field}.key`, key, 'not a valid field selector key'));
}
