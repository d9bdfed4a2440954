/** A copy in which URLs end with their host: endpoints of others may have a key in their path. */
export function withoutPaths<T>(config: T): T {
  return JSON.parse(JSON.stringify(config).replaceAll(/(https?:\/\/[^\s"/=]+)\/[^\s"=]*/g, '$1/…')) as T;
}
