/** Where objects lie: a bucket, and in it perhaps only below a prefix. */
export interface Place {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
}

/** `BUCKET` or `BUCKET/PREFIX`, as operators name it who share a bucket with others. */
export function placeOf(text: string): Place {
  const [bucket = '', ...rest] = text.split('/').filter((part) => part !== '');
  return { bucket, prefix: rest.map((part) => `${part}/`).join('') };
}
