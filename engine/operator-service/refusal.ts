/** A request that the Operator Service does not serve. Bodies keep the classic `error`; `code` and `field` stand beside it. */
export class OperatorRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }

  get body(): Record<string, unknown> {
    return { error: this.message, code: this.code, ...(this.field === undefined ? {} : { field: this.field }) };
  }
}
