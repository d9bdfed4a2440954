/**
 * Runs the algorithm with its output in a capped file and its exit status kept (a pipe into `tee`, as in the classic stack,
 * turns every crash into a success). The image has to contain `sh`, `head` and `cat`, nothing of ours.
 *
 * $1 the entrypoint, $2 the cap in bytes. What exceeds the cap is read and dropped, so that the algorithm never dies of a
 * closed pipe. TERM goes on to the algorithm: the first process of a container gets no default action for signals. A process
 * that the algorithm leaves behind with the log still open is waited for two seconds, not for ever.
 */
const WRAPPER = `s="$LOGS/.run"
trap 'read -r a <"$s.pid" && kill -TERM "$a"' TERM
{
  sh -c "$1" 2>&1 &
  echo "$!" >"$s.pid"
  wait "$!"
  echo "$?" >"$s.status"
  { sleep 2 && read -r l <"$s.logger" && kill "$l"; } >/dev/null 2>&1 &
} | {
  head -c "$2"
  head -c 1 >"$s.more"
  if [ -s "$s.more" ]; then
    echo
    echo "[the log was cut here: it may hold $2 bytes]"
  fi
  cat >/dev/null
} >"$LOGS/algorithm.log" 2>/dev/null &
l=$!
echo "$l" >"$s.logger"
while kill -0 "$l" 2>/dev/null; do wait "$l"; done
read -r c <"$s.status" || c=125
exit "$c"
`;

/** The algorithm's place on the volume, as a shell of the pod resolves it. */
const ALGORITHM_PATH = '$VOLUME/transformations/algorithm';

/** `command` of the compute container. `$ALGO` in the entrypoint stands for the algorithm's file, as ever. */
export function algorithmCommand(entrypoint: string, logCapBytes: number): string[] {
  const command = entrypoint.replaceAll('$ALGO', ALGORITHM_PATH);
  return ['sh', '-c', WRAPPER, 'algorithm', command, String(logCapBytes)].map(literal);
}

/** Kubernetes replaces `$(NAME)` and `$$` in commands; a consumer's `$(date)` is meant for the shell. */
function literal(argument: string): string {
  return argument.replaceAll(/\$(?=[$(])/g, '$$$$');
}
