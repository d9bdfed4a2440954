/** URL queries carry signatures and capabilities; nothing that a pod writes down keeps one. */
export function redactUrlQueries(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s"'\\?]+)\?[^\s"'\\]*/gi, '$1?***');
}
