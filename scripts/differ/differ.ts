/** One pair of servers that are held against each other. */
export interface Differ {
  /** The flags, one line each, shown when they are wrong. */
  readonly usage: string;
  /**
   * @param args what follows the subject on the command line
   * @returns the exit code: 0 when every difference is a listed one, 1 when not
   */
  run(args: readonly string[]): Promise<number>;
}
